import { registry } from "@web/core/registry";

const ROTATE = "This will generate a new key. The old key will stop working immediately.";
const REVOKE = "Revoke this connection? The API key will be deleted and any active sessions will be deactivated.";
const REVOKE_OAUTH =
    "Revoke this OAuth client? All issued access and refresh tokens will be invalidated and any active sessions will be deactivated.";
const KEY = /^mcp_ak_[0-9A-Za-z]{49}$/;
const APP = ".o_app[data-menu-xmlid='mcp_gateway.menu_root']";

// What a step saw and a later one compares with.
const seen = {};

function assert(truth, text) {
    if (!truth) {
        throw new Error(text);
    }
}

function openConnections() {
    return [
        { trigger: APP, run: "click" },
        { trigger: "[data-menu-xmlid='mcp_gateway.menu_configuration']", run: "click" },
        { trigger: "[data-menu-xmlid='mcp_gateway.menu_connections']", run: "click" },
        { trigger: ".o_list_view .o_breadcrumb:contains(Connections)" },
    ];
}

function openConnection(name) {
    return [
        { trigger: `.o_data_row td[name=name]:contains("${name}")`, run: "click" },
        { trigger: `.o_form_view .o_field_widget[name=name]` },
    ];
}

function confirmDialog(text) {
    return [
        {
            trigger: ".modal .modal-body",
            run() {
                const shown = this.anchor.textContent.trim();
                assert(shown === text, `The dialog says: ${shown}`);
            },
        },
        { trigger: ".modal .modal-footer .btn-primary", run: "click" },
    ];
}

function seeKeyAndClose(slot) {
    return [
        {
            trigger: ".modal .o_field_widget[name=secret] span",
            run() {
                seen[slot] = this.anchor.textContent.trim();
                assert(KEY.test(seen[slot]), "The popup shows no key");
                const popup = document.querySelector(".modal").textContent;
                assert(popup.includes("claude.ai and ChatGPT"), "The popup does not say who needs Browser login");
            },
        },
        { trigger: ".modal .o_field_widget[name=snippet_json]" },
        { trigger: ".modal .o_field_widget[name=secret] .o_clipboard_button, .modal [name=secret] button" },
        { trigger: ".modal footer button:contains('I have copied the key')", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        {
            trigger: ".o_form_view .o_field_widget[name=key_hint]",
            async run({ waitUntil }) {
                const lastFour = () =>
                    document.querySelector(".o_field_widget[name=key_hint]")?.textContent.trim().slice(-4);
                await waitUntil(() => lastFour() === seen[slot].slice(-4));
                const kept = JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.location.href]);
                assert(!kept.includes(seen[slot]), "The browser kept the key");
                assert(!document.documentElement.innerHTML.includes(seen[slot]), "The page still holds the key");
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

registry.category("web_tour.tours").add("mcp_connection_life", {
    url: "/odoo",
    steps: () => [
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
        { trigger: "button[name=action_revoke]:contains(Active)", run: "click" },
        ...confirmDialog(REVOKE),
        { trigger: "button[name=action_reactivate]:contains(Revoked)" },
        { trigger: ".o_field_widget[name=status]:contains(Revoked)" },
        { trigger: "body:not(:has(button[name=action_rotate_key]))" },
        { trigger: "button[name=action_reactivate]", run: "click" },
        // No dialog: the button is there again at once.
        { trigger: "body:not(:has(.modal)) button[name=action_revoke]:contains(Active)" },
        { trigger: "button[name=action_generate_key]", run: "click" },
        ...seeKeyAndClose("third"),
        { trigger: ".o_breadcrumb a:contains(Connections), .breadcrumb-item a:contains(Connections)", run: "click" },
        { trigger: ".o_list_view" },
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },
        { trigger: ".o_group_by_menu .o_menu_item:contains('Last used')", run: "click" },
        {
            trigger: ".o_group_header",
            run() {
                const groups = [...document.querySelectorAll(".o_group_header .o_group_name")];
                const names = groups.map((group) => group.textContent.trim());
                assert(names.length > 1, `Only these groups: ${names}`);
                assert(names.at(-1).startsWith("Never"), `Never used is not at the bottom: ${names}`);
            },
        },
    ],
});

registry.category("web_tour.tours").add("mcp_oauth_revoke_text", {
    url: "/odoo",
    steps: () => [
        ...openConnections(),
        ...openConnection("Tour: OAuth"),
        { trigger: "button[name=action_revoke]:contains(Active)", run: "click" },
        ...confirmDialog(REVOKE_OAUTH),
        { trigger: "button[name=action_reactivate]:contains(Revoked)" },
    ],
});

registry.category("web_tour.tours").add("mcp_user_life", {
    url: "/odoo",
    steps: () => [
        ...openConnections(),
        {
            trigger: ".o_data_row",
            run() {
                const page = document.querySelector(".o_list_view").textContent;
                assert(page.includes("Tour: mine"), "The user does not see their own connection");
                assert(!page.includes("Tour: life"), "The user sees a connection of someone else");
                assert(!document.querySelector(".o_list_button_add"), "The user is offered New");
            },
        },
        ...openConnection("Tour: mine"),
        { trigger: "button[name=action_generate_key]", run: "click" },
        ...seeKeyAndClose("own"),
        ...rotate("own2"),
        { trigger: "button[name=action_revoke]:contains(Active)", run: "click" },
        ...confirmDialog(REVOKE),
        { trigger: ".o_field_widget[name=status]:contains(Revoked)" },
        { trigger: "body:not(:has(button[name=action_reactivate]))" },
        { trigger: "[data-menu-xmlid='mcp_gateway.menu_configuration']", run: "click" },
        { trigger: "[data-menu-xmlid='mcp_gateway.menu_connections']" },
        { trigger: "body:not(:has([data-menu-xmlid='mcp_gateway.menu_settings']))" },
    ],
});

registry.category("web_tour.tours").add("mcp_admin_out_of_reach", {
    url: "/odoo",
    steps: () => [
        ...openConnections(),
        ...openConnection("Tour: boss"),
        { trigger: ".alert:contains('administration rights that you do not have')" },
        { trigger: "body:not(:has(button[name=action_generate_key], button[name=action_rotate_key]))" },
        { trigger: "button[name=action_revoke]:contains(Active)" },
    ],
});

registry.category("web_tour.tours").add("mcp_revoke_selected", {
    url: "/odoo",
    steps: () => [
        ...openConnections(),
        { trigger: ".o_data_row:contains('Tour: idle 1') .o_list_record_selector input", run: "click" },
        { trigger: ".o_data_row:contains('Tour: idle 2') .o_list_record_selector input", run: "click" },
        { trigger: "button[name=action_revoke_selected]", run: "click" },
        { trigger: ".modal .o_field_widget[name=connection_count]:contains(2)" },
        { trigger: ".modal .o_field_widget[name=what_ends]:contains('API keys: 2')" },
        { trigger: ".modal button[name=action_revoke]", run: "click" },
        { trigger: ".o_list_view:not(:contains('Tour: idle 1')):not(:contains('Tour: idle 2'))" },
    ],
});

registry.category("web_tour.tours").add("mcp_off_banner", {
    url: "/odoo",
    steps: () => [
        ...openConnections(),
        { trigger: ".o_mcp_off_banner:contains('The MCP server is off')" },
        { trigger: "[data-menu-xmlid='mcp_gateway.menu_audit_log']", run: "click" },
        { trigger: ".o_breadcrumb:contains('Audit Logs')" },
        { trigger: ".o_mcp_off_banner button", run: "click" },
        { trigger: ".o_form_view .o_mcp_off_banner, .o_mcp_off_banner" },
        { trigger: "button[name=action_enable]:contains(Disabled)", run: "click" },
        { trigger: "button[name=action_disable]:contains(Enabled)" },
        { trigger: "body:not(:has(.o_mcp_off_banner))" },
        { trigger: "button[name=action_disable]", run: "click" },
        { trigger: ".modal .modal-footer .btn-primary", run: "click" },
        { trigger: ".o_mcp_off_banner" },
    ],
});
