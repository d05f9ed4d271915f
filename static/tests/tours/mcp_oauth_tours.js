import { addTour, assert, openConnection, openConnections } from "./steps";

const ROTATE = "Generate a new Secret Key? The current Secret Key will stop working immediately.";
const REVOKE =
    "Revoke this OAuth client? All issued access and refresh tokens will be invalidated and any active sessions will be deactivated.";
const FOLD_OUT = "I can’t find where to paste the secret in my app";
const STEPS = [
    "Close the popup.",
    "Click the green Active button on the connection to flip it to Revoked.",
    "Have the end user reconnect the app from scratch.",
    "The app receives a fresh credential pair.",
];
const SECRET = /^mcp_cs_[0-9A-Za-z]{49}$/;
const ANY_SECRET = /mcp_(ak|cs)_[0-9A-Za-z]{49}/;

function text(element) {
    return element.textContent.replace(/\s+/g, " ").trim();
}

function confirmDialog(words, label) {
    return [
        {
            trigger: ".modal .modal-body p",
            run() {
                const shown = this.anchor.closest(".modal-body").textContent;
                assert(shown === words, `The dialog says: ${JSON.stringify(shown)}`);
            },
        },
        { trigger: `.modal .modal-footer .btn-primary:contains(/^${label}$/)`, run: "click" },
    ];
}

function seeSecret() {
    return [
        {
            trigger: ".modal .o_field_widget[name=secret] span",
            run() {
                assert(SECRET.test(text(this.anchor)), "The popup shows no Secret Key");
                const popup = text(this.anchor.closest(".modal"));
                assert(popup.includes("cannot be shown again"), "The popup does not say that it shows the secret once");
            },
        },
        { trigger: ".modal .o_field_widget[name=secret] button.o_clipboard_button" },
        { trigger: ".modal .o_field_widget[name=client_id]:contains('mcp_client_') button.o_clipboard_button" },
    ];
}

/** Neither the page nor anything that the browser keeps holds a secret. */
function assertNoSecretIsLeft() {
    const places = [
        document.documentElement.outerHTML,
        document.location.href,
        JSON.stringify(history.state),
        JSON.stringify({ ...sessionStorage }),
        JSON.stringify({ ...localStorage }),
    ];
    assert(!places.some((content) => ANY_SECRET.test(content)), "There is a secret left");
}

function closePopup(label) {
    return [
        { trigger: `.modal footer button:contains('${label}')`, run: "click" },
        { trigger: "body:not(:has(.modal))", run: assertNoSecretIsLeft },
    ];
}

function seeGuide() {
    return [
        { trigger: ".modal h3:contains(/^What to do next$/)" },
        {
            trigger: ".modal ol.o_mcp_next",
            run() {
                const steps = [...this.anchor.querySelectorAll("li")].map(text);
                assert(steps.length === 5, `The guide has these steps: ${steps.join("\n")}`);
                assert(steps[1].startsWith("Open Tour App, or call"), `The guide does not name the app: ${steps[1]}`);
                assert(steps[3].includes("60 minutes at most"), `The guide does not say for how long: ${steps[3]}`);
            },
        },
        {
            trigger: ".modal details.o_mcp_foldout summary",
            run: async (helpers) => {
                const { anchor } = helpers;
                const details = anchor.closest("details");
                assert(!details.open, "The fold-out is open at first");
                assert(anchor.textContent === FOLD_OUT, `The fold-out is called: ${JSON.stringify(anchor.textContent)}`);
                await helpers.click();
                assert(details.open, "The fold-out does not open");
            },
        },
        {
            trigger: ".modal details.o_mcp_foldout[open] ol",
            run() {
                const steps = [...this.anchor.querySelectorAll("li")].map((step) => step.textContent);
                assert(steps.join("|") === STEPS.join("|"), `The fold-out says: ${steps.join("|")}`);
                const all = text(this.anchor.closest("details"));
                assert(
                    all.includes("— like claude.ai — does not let you change the secret after first setup"),
                    `The fold-out explains: ${all}`
                );
            },
        },
    ];
}

function revoked() {
    return [
        { trigger: ".o_field_widget[name=status] .text-bg-danger:contains(Revoked)" },
        { trigger: "body:not(:has(button[name=action_revoke], button[name=action_ask_revoke]))" },
        { trigger: "body:not(:has(button[name=action_rotate_secret], button[name=action_ask_rotate_secret]))" },
        { trigger: "button[name=action_reactivate].text-danger:contains(Revoked)" },
    ];
}

addTour("mcp_rotate_secret", () => [
    ...openConnections(),
    ...openConnection("Tour App"),
    { trigger: "body:not(:has(button[name=action_rotate_key], button[name=action_ask_rotate_secret]))" },
    { trigger: ".nav-link[name=consents]", run: "click" },
    { trigger: ".o_field_widget[name=family_ids] .o_data_row:contains('mcp:read')" },
    { trigger: ".o_statusbar_buttons button[name=action_rotate_secret]:contains('Rotate Secret Key')", run: "click" },
    ...confirmDialog(ROTATE, "Rotate Secret Key"),
    ...seeSecret(),
    ...seeGuide(),
    ...closePopup("I have copied the Secret Key"),
    // The page is left while the popup is open: nothing is sent back, and it does not come again.
    { trigger: "button[name=action_rotate_secret]", run: "click" },
    ...confirmDialog(ROTATE, "Rotate Secret Key"),
    ...seeSecret(),
    {
        trigger: ".modal",
        expectUnloadPage: true,
        run() {
            document.location.reload();
        },
    },
    {
        trigger: ".o_form_view .o_field_widget[name=status]",
        timeout: 60000,
        run() {
            assert(!document.querySelector(".modal"), "A popup came back");
            assertNoSecretIsLeft();
        },
    },
    // The fold-out's second step.
    { trigger: "button[name=action_revoke].text-success:contains(/^Active$/)", run: "click" },
    ...confirmDialog(REVOKE, "Revoke"),
    ...revoked(),
    { trigger: "button[name=action_reactivate]", run: "click" },
    // Without a dialog, which would be in the way of this step.
    { trigger: "body:not(:has(.modal)) button[name=action_revoke]:contains(Active)" },
    { trigger: "button[name=action_rotate_secret]" },
]);

function askDialog(words, sentence, count) {
    return {
        trigger: ".modal .modal-body p",
        run() {
            const shown = [...this.anchor.closest(".modal-body").querySelectorAll("p")].map(text);
            assert(shown.length === 2 && shown[0] === words, `The dialog says: ${shown.join("|")}`);
            assert(shown[1].startsWith(`${sentence} ${count}`), `The dialog adds: ${shown[1]}`);
        },
    };
}

addTour("mcp_shared_oauth_client", () => [
    ...openConnections(),
    ...openConnection("Tour App"),
    { trigger: "body:not(:has(button[name=action_rotate_secret], button[name=action_revoke]))" },
    { trigger: "button[name=action_ask_rotate_secret]:contains('Rotate Secret Key')", run: "click" },
    askDialog(ROTATE, "Other connections that share this OAuth client and need the new Secret Key too:", 1),
    { trigger: ".modal button[name=action_rotate_secret]:contains(/^Rotate Secret Key$/)", run: "click" },
    ...seeSecret(),
    ...closePopup("I have copied the Secret Key"),
    { trigger: "button[name=action_ask_revoke].text-success:contains(/^Active$/)", run: "click" },
    askDialog(REVOKE, "Other connections that share this OAuth client and go on working:", 1),
    { trigger: ".modal button[name=action_view_sharing]", run: "click" },
    { trigger: ".o_list_view .o_data_row:contains('Tour second')" },
    { trigger: "body:not(:has(.modal)) .o_list_view:not(:has(.o_data_row:contains('Tour stranger')))" },
    ...openConnection("Tour App"),
    { trigger: "button[name=action_ask_revoke]", run: "click" },
    askDialog(REVOKE, "Other connections that share this OAuth client and go on working:", 1),
    { trigger: ".modal button[name=action_revoke]:contains(/^Revoke$/)", run: "click" },
    ...revoked(),
]);

function connect(card) {
    return [
        { trigger: "button:contains('Connect a New Tool')", run: "click" },
        { trigger: ".modal .card:contains('API key')" },
        { trigger: ".modal .card:contains('Browser login (OAuth)')" },
        { trigger: ".modal .card:contains('Custom OAuth')" },
        { trigger: `.modal .card button[name=${card}]`, run: "click" },
    ];
}

addTour("mcp_connect_tool", () => [
    ...openConnections(),
    ...connect("action_api_key"),
    { trigger: ".modal .o_field_widget[name=name] input", run: "edit Tour key" },
    { trigger: ".modal button[name=action_connect]", run: "click" },
    { trigger: ".modal .o_field_widget[name=snippet_claude_code]:contains('claude mcp add')" },
    ...closePopup("I have copied the key"),
    { trigger: ".o_data_row:contains('Tour key')" },

    ...connect("action_browser"),
    { trigger: ".modal .o_field_widget[name=server_url]:contains('https://odoo.example/mcp') button.o_clipboard_button" },
    { trigger: ".modal .alert:contains('The MCP server is off') button[name=action_enable]", run: "click" },
    { trigger: ".modal:not(:has(.alert:contains('The MCP server is off')))" },
    { trigger: ".modal .alert button[name=action_allow_registration]", run: "click" },
    { trigger: ".modal:not(:has(button[name=action_allow_registration])) .alert button[name=action_freeze_base_url]", run: "click" },
    { trigger: ".modal .o_form_view:not(:has(.alert))" },
    { trigger: ".modal .o_field_widget[name=user_id] input", run: "edit Tour Stranger" },
    { trigger: ".o-autocomplete--dropdown-item:contains('Tour Stranger')", run: "click" },
    { trigger: ".modal .alert:contains('not in the group MCP User') button[name=action_open_user]" },
    { trigger: ".modal .tab-pane.active ol:contains('Add custom connector')" },
    { trigger: ".modal .nav-link[name=chatgpt]", run: "click" },
    { trigger: ".modal .tab-pane.active ol:contains('Developer mode')" },
    { trigger: ".modal .nav-link[name=cursor]", run: "click" },
    { trigger: ".modal .tab-pane.active .o_field_widget[name=snippet_cursor]:contains('https://odoo.example/mcp')" },
    { trigger: ".modal footer button:contains(Close)", run: "click" },
    { trigger: "body:not(:has(.modal))" },

    ...connect("action_custom"),
    { trigger: ".modal .o_field_widget[name=name] input", run: "edit Tour custom" },
    { trigger: ".modal .o_field_widget[name=use] input[data-value=server]", run: "click" },
    { trigger: ".modal .o_field_widget[name=user_id]" },
    { trigger: ".modal:not(:has(.o_field_widget[name=redirect_uris]))" },
    { trigger: ".modal .o_field_widget[name=use] input[data-value=people]", run: "click" },
    { trigger: ".modal .o_field_widget[name=redirect_uris] textarea", run: "edit https://app.example/callback" },
    { trigger: ".modal button[name=action_connect]", run: "click" },
    ...seeSecret(),
    { trigger: ".modal .o_field_widget[name=authorize_url]:contains('https://odoo.example/mcp/oauth/authorize')" },
    { trigger: ".modal .o_field_widget[name=token_url]:contains('https://odoo.example/mcp/oauth/token')" },
    ...closePopup("I have copied them"),
    { trigger: ".o_data_row:contains('Tour custom') [name=status]:contains(Awaiting)" },
]);

addTour("mcp_rotate_secret_of_user", () => [
    ...openConnections(),
    { trigger: "body:not(:has(button:contains('Connect a New Tool')))" },
    ...openConnection("Tour App"),
    { trigger: "body:not(:has(.nav-link[name=consents]))" },
    { trigger: "button[name=action_rotate_secret]", run: "click" },
    ...confirmDialog(ROTATE, "Rotate Secret Key"),
    ...seeSecret(),
    ...closePopup("I have copied the Secret Key"),
]);

addTour("mcp_oauth_overlap", () => [
    ...openConnections(),
    ...openConnection("Tour App"),
    { trigger: "button[name=action_rotate_with_overlap]:contains('Rotate with overlap…')", run: "click" },
    { trigger: ".modal .o_field_widget[name=what_happens]:contains('and then stops by itself')" },
    { trigger: ".modal p:contains('share this OAuth client and need the new Secret Key too'):contains('1')" },
    { trigger: ".modal button[name=action_rotate]", run: "click" },
    ...seeSecret(),
    {
        trigger: ".modal ol.o_mcp_next li:contains('click End overlap now')",
        run() {
            const steps = [...this.anchor.closest("ol").querySelectorAll("li")].map(text);
            assert(steps.length === 4, `The guide has these steps: ${steps.join("\n")}`);
            assert(steps[0].includes("click Cancel rotation and begin again"), `It begins: ${steps[0]}`);
        },
    },
    ...closePopup("I have copied the Secret Key"),
    { trigger: ".o_mcp_overlap:contains('still works until'):contains('It was never used')" },
    { trigger: ".o_mcp_overlap:contains('Rotate Secret Key ends both'):contains('use the same keys: 1')" },
    { trigger: "body:not(:has(button[name=action_rotate_with_overlap]))" },
    { trigger: "button[name=action_end_overlap]", run: "click" },
    ...confirmDialog(
        "End the overlap now? The old key will stop working immediately. The new key goes on working.",
        "End overlap now"
    ),
    { trigger: "button[name=action_rotate_with_overlap]" },
    { trigger: "body:not(:has(.o_mcp_overlap, button[name=action_end_overlap], button[name=action_cancel_rotation]))" },
]);
