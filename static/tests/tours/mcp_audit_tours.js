import { addTour, APP, assert, fromConfiguration, fromHomeMenu, menu } from "./steps";

function openLog() {
    return [
        ...fromHomeMenu(APP),
        { trigger: menu("menu_audit_log"), run: "click" },
        { trigger: ".o_control_panel .o_breadcrumb:contains('Audit Logs')" },
        { trigger: ".o_searchview .o_facet_value:contains('Today')" },
    ];
}

function verify(text) {
    return [
        { trigger: ".o_control_panel button[name=action_verify]", run: "click" },
        { trigger: `.modal .alert:contains("${text}")` },
    ];
}

function openTab(name, text) {
    return [
        { trigger: `.o_notebook .nav-link[name=${name}]`, run: "click" },
        { trigger: `.o_notebook .tab-pane.active:contains('${text}')` },
    ];
}

addTour("mcp_audit_log", () => [
    ...openLog(),
    { trigger: ".o_data_row .badge.text-bg-danger:contains('Error')" },
    { trigger: ".o_data_row td[name=tool]:contains('tour_tool')", run: "click" },
    { trigger: ".o_form_view h1:contains('Request')" },
    { trigger: ".o_breadcrumb .active:contains('Request #')" },
    ...openTab("request", "tour request"),
    ...openTab("response", "tour response"),
    ...openTab("error", "tour error"),
    {
        trigger: ".o_form_view",
        run() {
            const editable = document.querySelectorAll(".o_form_view input, .o_form_button_create, .o_cp_action_menus li.o_menu_item");
            assert(!editable.length, "The row looks as if it could be edited");
        },
    },
    { trigger: ".o_breadcrumb .breadcrumb-item a:contains('Audit Logs')", run: "click" },
    ...verify("Every sealed row is what it was when it was sealed."),
    { trigger: ".modal .alert:contains('kept in this database')" },
    { trigger: ".modal .o_form_label:contains('Keys')" },
    { trigger: "body:not(:has(.modal button[name=action_view_row]:visible))" },
    { trigger: ".modal footer button:contains('Close')", run: "click" },
    { trigger: "body:not(:has(.modal))" },
    { trigger: ".o_control_panel button[name=action_ask_export]", run: "click" },
    { trigger: ".modal .o_field_widget[name=with_csv] input", run: "click" },
    { trigger: ".modal button[name=action_export]" },
    { trigger: ".modal footer button:contains('Cancel')", run: "click" },
    { trigger: "body:not(:has(.modal))" },
    { trigger: ".o_cp_switch_buttons .o_graph, .o_switch_view.o_graph", run: "click" },
    { trigger: ".o_graph_view canvas" },
    { trigger: ".o_switch_view.o_pivot", run: "click" },
    { trigger: ".o_pivot_view table" },
    ...fromConfiguration("menu_audit_seals", "Audit Seals"),
    { trigger: ".o_data_row td[name=number]", run: "click" },
    { trigger: ".o_form_view .o_field_widget[name=digest] button.o_clipboard_button" },
]);

addTour("mcp_audit_forgery", () => [
    ...openLog(),
    ...verify("was edited after it was sealed"),
    { trigger: ".modal button[name=action_view_row]:contains('Open Row')", run: "click" },
    { trigger: ".o_form_view .o_field_widget[name=ip]:contains('192.0.2.66')" },
]);
