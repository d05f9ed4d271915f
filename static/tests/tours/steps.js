import { registry } from "@web/core/registry";

export const ROTATE = "This will generate a new key. The old key will stop working immediately.";
const KEY = /^mcp_ak_[0-9A-Za-z]{49}$/;
export const ANY_KEY = /mcp_ak_[0-9A-Za-z]{49}/;
export const APP = ".o_app[data-menu-xmlid='mcp_gateway.menu_root']";

// What a step saw and a later one compares with.
export const seen = {};

// Of one step. Nothing is shown sooner for it; a busy machine may just take longer than the ten seconds it has otherwise.
export const PATIENCE = 60000;

export function addTour(name, steps) {
    registry.category("web_tour.tours").add(name, {
        url: "/odoo",
        steps: () => steps().map((step) => ({ timeout: PATIENCE, ...step })),
    });
}

export function assert(truth, text) {
    if (!truth) {
        throw new Error(text);
    }
}

export function menu(name) {
    return `[data-menu-xmlid='mcp_gateway.${name}']`;
}

export function fromHomeMenu(app) {
    return [
        { trigger: ".o_navbar_apps_menu button", run: "click" },
        { trigger: app, run: "click" },
    ];
}

export function fromConfiguration(name, title) {
    return [
        { trigger: menu("menu_configuration"), run: "click" },
        { trigger: menu(name), run: "click" },
        { trigger: `.o_control_panel .o_breadcrumb:contains("${title}")` },
    ];
}

export function openConnections() {
    return [...fromHomeMenu(APP), ...fromConfiguration("menu_connections", "Connections"), { trigger: ".o_list_view" }];
}

export function openConnection(name) {
    return [
        { trigger: `.o_data_row td[name=name]:contains("${name}")`, run: "click" },
        { trigger: `.o_form_view .o_breadcrumb:contains("${name}")` },
    ];
}

export function confirmDialog(text) {
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
export function assertNoKeyIsLeft() {
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
export function reloadForm(trigger = ".o_form_view") {
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

export function seeKey(slot) {
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

export function seeKeyAndClose(slot) {
    return [
        ...seeKey(slot),
        { trigger: ".modal footer button:contains('I have copied the key')", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        {
            trigger: ".o_form_view .o_field_widget[name=key_hint]",
            async run({ waitUntil }) {
                const hint = () => document.querySelector(".o_field_widget[name=key_hint]")?.textContent.trim();
                await waitUntil(() => hint()?.endsWith(seen[slot].slice(-4)), { timeout: PATIENCE });
                assertNoKeyIsLeft();
            },
        },
    ];
}

export function rotate(slot) {
    return [
        { trigger: "button[name=action_rotate_key]", run: "click" },
        ...confirmDialog(ROTATE),
        ...seeKeyAndClose(slot),
    ];
}

export function generate(slot) {
    return [{ trigger: "button[name=action_generate_key]", run: "click" }, ...seeKeyAndClose(slot)];
}

export function revoke(text) {
    return [
        { trigger: "button[name=action_revoke].text-success:contains(Active)", run: "click" },
        ...confirmDialog(text),
        { trigger: ".o_field_widget[name=status] .text-bg-danger:contains(Revoked)" },
        { trigger: "body:not(:has(.modal)):not(:has(button[name=action_revoke]))" },
        { trigger: "body:not(:has(button[name=action_rotate_key], button[name=action_generate_key]))" },
    ];
}
