import {
    addTour,
    assert,
    confirmDialog,
    fromConfiguration,
    fromHomeMenu,
    generate,
    menu,
    openConnection,
    openConnections,
    reloadForm,
    revoke,
    rotate,
    ROTATE,
    seeKey,
    seen,
} from "./steps";

const REVOKE = "Revoke this connection? The API key will be deleted and any active sessions will be deactivated.";
const REVOKE_OAUTH =
    "Revoke this OAuth client? All issued access and refresh tokens will be invalidated and any active sessions will be deactivated.";
const OFF = "The MCP server is off: every request of an AI tool is refused.";

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
