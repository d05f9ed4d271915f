import { registry } from "@web/core/registry";

const ROTATE = "This will generate a new key. The old key will stop working immediately.";
const REVOKE = "Revoke this connection? The API key will be deleted and any active sessions will be deactivated.";
const REVOKE_OAUTH =
    "Revoke this OAuth client? All issued access and refresh tokens will be invalidated and any active sessions will be deactivated.";
const OFF = "The MCP server is off: every request of an AI tool is refused.";
const KEY = /^mcp_ak_[0-9A-Za-z]{49}$/;
const ANY_KEY = /mcp_ak_[0-9A-Za-z]{49}/;
const APP = ".o_app[data-menu-xmlid='mcp_gateway.menu_root']";

// What a step saw and a later one compares with.
const seen = {};

// Of one step. Nothing is shown sooner for it; a busy machine may just take longer than the ten seconds it has otherwise.
const PATIENCE = 60000;

export function addTour(name, steps) {
    registry.category("web_tour.tours").add(name, {
        url: "/odoo",
        steps: () => steps().map((step) => ({ timeout: PATIENCE, ...step })),
    });
}

function assert(truth, text) {
    if (!truth) {
        throw new Error(text);
    }
}

function menu(name) {
    return `[data-menu-xmlid='mcp_gateway.${name}']`;
}

function fromHomeMenu(app) {
    return [
        { trigger: ".o_navbar_apps_menu button", run: "click" },
        { trigger: app, run: "click" },
    ];
}

function fromConfiguration(name, title) {
    return [
        { trigger: menu("menu_configuration"), run: "click" },
        { trigger: menu(name), run: "click" },
        { trigger: `.o_control_panel .o_breadcrumb:contains("${title}")` },
    ];
}

function openConnections() {
    return [...fromHomeMenu(APP), ...fromConfiguration("menu_connections", "Connections"), { trigger: ".o_list_view" }];
}

function openConnection(name) {
    return [
        { trigger: `.o_data_row td[name=name]:contains("${name}")`, run: "click" },
        { trigger: `.o_form_view .o_breadcrumb:contains("${name}")` },
    ];
}

function confirmDialog(text) {
    return [
        {
            trigger: ".modal .modal-body p",
            run() {
                const shown = this.anchor.closest(".modal-body").textContent;
                assert(shown === text, `The dialog says: ${JSON.stringify(shown)}`);
            },
        },
        { trigger: ".modal .modal-footer .btn-primary", run: "click" },
    ];
}

/** Neither the page nor anything that the browser keeps holds a key. */
function assertNoKeyIsLeft() {
    const places = {
        page: document.documentElement.outerHTML,
        inputs: [...document.querySelectorAll("input, textarea")].map((input) => input.value).join("\n"),
        address: document.location.href,
        history: JSON.stringify(history.state),
        sessionStorage: JSON.stringify({ ...sessionStorage }),
        localStorage: JSON.stringify({ ...localStorage }),
        cookies: document.cookie,
    };
    for (const [place, content] of Object.entries(places)) {
        assert(!ANY_KEY.test(content), `There is a key left in: ${place}`);
    }
}

/** The page is loaded anew, and the popup does not come back. */
function reloadForm(trigger = ".o_form_view") {
    return [
        {
            trigger,
            expectUnloadPage: true,
            run() {
                document.location.reload();
            },
        },
        {
            trigger: ".o_form_view .o_field_widget[name=status]",
            run() {
                assert(!document.querySelector(".modal"), "A popup came back");
                assertNoKeyIsLeft();
            },
        },
    ];
}

function seeKey(slot) {
    return [
        {
            trigger: ".modal .o_field_widget[name=secret] span",
            run() {
                seen[slot] = this.anchor.textContent.trim();
                assert(KEY.test(seen[slot]), "The popup shows no key");
                const popup = this.anchor.closest(".modal").textContent;
                assert(popup.includes("cannot be shown again"), "The popup does not say that it shows the key once");
                assert(popup.includes("claude.ai and ChatGPT"), "The popup does not say who needs Browser login");
                for (const name of ["snippet_claude_code", "snippet_json"]) {
                    const snippet = document.querySelector(`.modal .o_field_widget[name=${name}]`).textContent;
                    assert(snippet.includes(seen[slot]), `${name} holds another key`);
                }
            },
        },
        { trigger: ".modal .o_field_widget[name=secret] button.o_clipboard_button" },
    ];
}

function seeKeyAndClose(slot) {
    return [
        ...seeKey(slot),
        { trigger: ".modal footer button:contains('I have copied the key')", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        {
            trigger: ".o_form_view .o_field_widget[name=key_hint]",
            async run({ waitUntil }) {
                const hint = () => document.querySelector(".o_field_widget[name=key_hint]")?.textContent.trim();
                await waitUntil(() => hint()?.endsWith(seen[slot].slice(-4)));
                assertNoKeyIsLeft();
            },
        },
    ];
}

function rotate(slot) {
    return [
        { trigger: "button[name=action_rotate_key]", run: "click" },
        ...confirmDialog(ROTATE),
        ...seeKeyAndClose(slot),
    ];
}

function generate(slot) {
    return [{ trigger: "button[name=action_generate_key]", run: "click" }, ...seeKeyAndClose(slot)];
}

function revoke(text) {
    return [
        { trigger: "button[name=action_revoke].text-success:contains(Active)", run: "click" },
        ...confirmDialog(text),
        { trigger: ".o_field_widget[name=status] .text-bg-danger:contains(Revoked)" },
        { trigger: "body:not(:has(.modal)):not(:has(button[name=action_revoke]))" },
        { trigger: "body:not(:has(button[name=action_rotate_key], button[name=action_generate_key]))" },
    ];
}

addTour("mcp_connection_life", () => [
    ...openConnections(),
    { trigger: ".o_searchview_facet:contains(Active)" },
    ...openConnection("Tour: life"),
    ...rotate("first"),
    ...rotate("second"),
    {
        trigger: ".o_form_view",
        run() {
            assert(seen.first !== seen.second, "The second rotation gave the same key");
        },
    },
    ...revoke(REVOKE),
    { trigger: "button[name=action_reactivate].text-danger:contains(Revoked)", run: "click" },
    // A dialog would be in the way of this step.
    { trigger: "body:not(:has(.modal)) button[name=action_revoke]:contains(Active)" },
    ...generate("third"),
    ...reloadForm(),
    // Whoever leaves the page instead of closing the popup sends the key nowhere either.
    { trigger: "button[name=action_rotate_key]", run: "click" },
    ...confirmDialog(ROTATE),
    ...seeKey("left"),
    ...reloadForm(".modal"),
    { trigger: ".o_control_panel .breadcrumb-item:contains(Connections), .o_back_button", run: "click" },
    { trigger: ".o_list_view .o_searchview_dropdown_toggler", run: "click" },
    { trigger: ".o_group_by_menu .o_menu_item:contains(/^Last used$/)", run: "click" },
    {
        trigger: ".o_group_header",
        run() {
            const groups = [...document.querySelectorAll(".o_group_header .o_group_name")];
            const names = groups.map((group) => group.textContent.trim());
            assert(names.length > 1, `Only these groups: ${names}`);
            assert(names.at(-1).startsWith("Never"), `Never used is not at the bottom: ${names}`);
        },
    },
]);

addTour("mcp_oauth_revoke_text", () => [
    ...openConnections(),
    ...openConnection("Tour: OAuth"),
    ...revoke(REVOKE_OAUTH),
    { trigger: "button[name=action_reactivate]:contains(Revoked)" },
]);

addTour("mcp_user_life", () => [
    ...openConnections(),
    {
        trigger: ".o_data_row",
        run() {
            const rows = [...document.querySelectorAll(".o_data_row td[name=name]")];
            const names = rows.map((row) => row.textContent.trim());
            assert(names.join() === "Tour: mine", `The user sees: ${names}`);
            assert(!document.querySelector(".o_list_button_add"), "The user is offered New");
        },
    },
    ...openConnection("Tour: mine"),
    { trigger: "body:not(:has(.o_form_button_create))" },
    ...generate("own"),
    ...rotate("own2"),
    ...revoke(REVOKE),
    { trigger: "body:not(:has(button[name=action_reactivate]))" },
    { trigger: menu("menu_configuration"), run: "click" },
    { trigger: menu("menu_connections") },
    { trigger: `body:not(:has(${menu("menu_settings")}))` },
]);

addTour("mcp_admin_out_of_reach", () => [
    ...openConnections(),
    ...["Tour: boss without key", "Tour: boss with key"].flatMap((name) => [
        ...openConnection(name),
        { trigger: ".alert:contains('administration rights that you do not have')" },
        { trigger: "body:not(:has(button[name=action_generate_key], button[name=action_rotate_key]))" },
        { trigger: "button[name=action_revoke]:contains(Active)" },
        { trigger: ".o_control_panel .o_back_button", run: "click" },
        { trigger: ".o_list_view" },
    ]),
]);

addTour("mcp_revoke_selected", () => [
    ...openConnections(),
    { trigger: ".o_searchview_facet:contains(Active) .o_facet_remove", run: "click" },
    { trigger: ".o_searchview:not(:has(.o_searchview_facet))" },
    ...["Tour: idle 1", "Tour: idle 2"].map((name) => ({
        trigger: `.o_data_row:contains("${name}") .o_list_record_selector input`,
        run: "click",
    })),
    { trigger: "button[name=action_revoke_selected]", run: "click" },
    { trigger: ".modal .o_field_widget[name=connection_count]:contains(2)" },
    { trigger: ".modal .o_field_widget[name=what_ends]:contains('API keys: 2')" },
    { trigger: ".modal .o_data_row:contains('Tour: idle 1')" },
    { trigger: ".modal button[name=action_revoke]", run: "click" },
    { trigger: "body:not(:has(.modal))" },
    { trigger: ".o_data_row:contains('Tour: idle 1') [name=status]:contains(Revoked)" },
    { trigger: ".o_data_row:contains('Tour: idle 2') [name=status]:contains(Revoked)" },
    { trigger: ".o_data_row:contains('Tour: kept') [name=status]:contains(Awaiting)" },
]);

function requestsOfTheBanner() {
    return performance.getEntriesByType("resource").filter((entry) => entry.name.includes("mcp.settings/is_enabled"));
}

const BANNER = `.o_control_panel .o_mcp_off_banner:contains("${OFF}")`;

addTour("mcp_off_banner", () => [
    ...fromHomeMenu(".o_app[data-menu-xmlid='base.menu_management']"),
    {
        trigger: ".o_control_panel .o_breadcrumb:contains(Apps)",
        run() {
            assert(!document.querySelector(".o_mcp_off_banner"), "The banner is in another app");
            assert(!requestsOfTheBanner().length, "The banner asked in another app");
        },
    },
    ...openConnections(),
    { trigger: BANNER },
    ...openConnection("Tour: banner"),
    { trigger: `.o_form_view ${BANNER}` },
    ...reloadForm(),
    { trigger: `.o_form_view ${BANNER}` },
    { trigger: menu("menu_audit_log"), run: "click" },
    { trigger: ".o_breadcrumb:contains('Audit Logs')" },
    { trigger: `.o_list_view ${BANNER}` },
    { trigger: ".o_mcp_off_banner button:contains('Server Settings')", run: "click" },
    { trigger: `.o_form_view ${BANNER}` },
    { trigger: "button[name=action_enable].text-danger:contains(Disabled)", run: "click" },
    { trigger: "button[name=action_disable].text-success:contains(Enabled)" },
    { trigger: "body:not(:has(.o_mcp_off_banner))" },
    ...fromConfiguration("menu_connections", "Connections"),
    { trigger: ".o_list_view" },
    { trigger: "body:not(:has(.o_mcp_off_banner))" },
    ...fromConfiguration("menu_settings", "Server Settings"),
    { trigger: "button[name=action_disable]", run: "click" },
    { trigger: ".modal .modal-footer .btn-primary:contains(Disable)", run: "click" },
    { trigger: `.o_form_view ${BANNER}` },
    { trigger: "button[name=action_enable]:contains(Disabled)" },
    ...fromHomeMenu(".o_app[data-menu-xmlid='base.menu_management']"),
    { trigger: ".o_control_panel .o_breadcrumb:contains(Apps)" },
    { trigger: "body:not(:has(.o_mcp_off_banner))" },
]);

addTour("mcp_off_banner_of_user", () => [
    ...openConnections(),
    { trigger: BANNER },
    { trigger: "body:not(:has(.o_mcp_off_banner button))" },
]);

addTour("mcp_session_life", () => [
    ...openConnections(),
    ...openConnection("Tour: sessions"),
    { trigger: "button[name=action_view_sessions]:contains(2)", run: "click" },
    { trigger: ".o_breadcrumb:contains(Sessions)" },
    { trigger: ".o_data_row:contains('Claude 2') [name=status]:contains(Live)" },
    { trigger: ".o_data_row:contains('Claude 2') td[name=display_name]", run: "click" },
    { trigger: ".o_form_view .o_breadcrumb:contains('Claude 2')" },
    { trigger: "body:not(:has(button[name=action_reactivate]))" },
    { trigger: "button[name=action_deactivate]", run: "click" },
    { trigger: ".alert:contains('answered as if it did not exist')" },
    { trigger: "body:not(:has(button[name=action_deactivate]))" },
    { trigger: "button[name=action_reactivate]", run: "click" },
    { trigger: "button[name=action_deactivate]" },
]);

const END_OVERLAP =
    "End the overlap now? The old key will stop working immediately. The new key goes on working.";
const CANCEL_ROTATION =
    "Cancel the rotation? The new key will stop working immediately. The old key goes on working, without an end.";

function rotateWithOverlap(slot, hours) {
    return [
        { trigger: "button[name=action_rotate_with_overlap]", run: "click" },
        { trigger: ".modal .o_field_widget[name=what_happens]:contains('and then stops by itself')" },
        {
            trigger: ".modal .o_field_widget[name=hours]",
            run() {
                seen.until = document.querySelector(".modal .o_field_widget[name=what_happens]").textContent;
                const labels = [...this.anchor.querySelectorAll("label")].map((label) => label.textContent.trim());
                assert(labels.join() === "1 hour,24 hours,7 days", `The dialog offers: ${labels}`);
            },
        },
        { trigger: `.modal .o_field_widget[name=hours] input[data-value='${hours}']`, run: "click" },
        {
            trigger: ".modal .o_field_widget[name=what_happens]",
            async run({ waitUntil }) {
                const text = () => document.querySelector(".modal .o_field_widget[name=what_happens]").textContent;
                await waitUntil(() => hours === "24" || text() !== seen.until);
            },
        },
        { trigger: ".modal button[name=action_rotate]", run: "click" },
        ...seeKeyAndClose(slot),
        { trigger: ".o_mcp_overlap:contains('still works until')" },
        { trigger: "button[name=action_end_overlap]:contains('End overlap now')" },
        { trigger: "button[name=action_cancel_rotation]:contains('Cancel rotation')" },
        { trigger: "body:not(:has(button[name=action_rotate_with_overlap]))" },
    ];
}

function overlapIsOver() {
    return [
        { trigger: "button[name=action_rotate_with_overlap]:contains('Rotate with overlap…')" },
        { trigger: "body:not(:has(.o_mcp_overlap, button[name=action_end_overlap], button[name=action_cancel_rotation]))" },
    ];
}

addTour("mcp_overlap", () => [
    ...openConnections(),
    ...openConnection("Tour: overlap"),
    ...overlapIsOver(),
    ...rotateWithOverlap("overlap1", "1"),
    { trigger: ".o_mcp_overlap:contains('It was last used on'):contains('192.0.2.77')" },
    { trigger: "button[name=action_cancel_rotation]", run: "click" },
    ...confirmDialog(CANCEL_ROTATION),
    ...overlapIsOver(),
    ...rotateWithOverlap("overlap2", "168"),
    { trigger: "button[name=action_end_overlap]", run: "click" },
    ...confirmDialog(END_OVERLAP),
    ...overlapIsOver(),
    ...rotateWithOverlap("overlap3", "24"),
    { trigger: ".o_mcp_overlap:contains('It was never used')" },
    ...reloadForm(),
    ...rotate("overlap4"),
    ...overlapIsOver(),
]);

addTour("mcp_overlap_of_user", () => [...openConnections(), ...openConnection("Tour: mine"), ...rotateWithOverlap("own3", "1")]);
