import { addTour, APP, assert, fromHomeMenu, menu, openConnection, openConnections } from "./steps";

const CHANGE = "Change Name of 1 record (MCP Test Record)";
const DELETE = "Permanently delete 2 records (MCP Test Record)";

function fromActivities() {
    return [
        { trigger: ".o_menu_systray i[aria-label=Activities]", run: "click" },
        { trigger: ".o-mail-ActivityGroup[data-model_name='mcp.approval']", run: "click" },
    ];
}

function openApprovals() {
    return [
        ...fromHomeMenu(APP),
        { trigger: menu("menu_approvals"), run: "click" },
        { trigger: ".o_control_panel .o_breadcrumb:contains(Approvals)" },
        { trigger: ".o_list_view" },
    ];
}

function isNow(status) {
    return { trigger: `.o_statusbar_status .o_arrow_button_current:contains(${status})` };
}

const UNDECIDED = "button[name=action_approve], button[name=action_reject]";

addTour("mcp_approver_day", () => [
    ...fromActivities(),
    { trigger: ".o_searchview_facet:contains(For Me)" },
    { trigger: `.o_data_row:contains("${CHANGE}") td[name=summary]`, run: "click" },
    { trigger: `.o_form_view h1:contains("${CHANGE}")` },
    { trigger: ".o_field_widget[name=user_id]:contains('Rita Requester')" },
    { trigger: ".o_field_widget[name=records_shown] a:contains('Old name')" },
    {
        trigger: ".o_mcp_changes tbody tr",
        run() {
            const cells = [...this.anchor.querySelectorAll("td")].map((cell) => cell.textContent.trim());
            assert(cells.join("|") === "Name|Old name|New name", `The table says: ${cells}`);
        },
    },
    { trigger: ".o_notebook .nav-link:contains('Exact Arguments')", run: "click" },
    { trigger: ".o_field_widget[name=arguments_shown]:contains('\"name\": \"New name\"')" },
    isNow("Pending"),
    { trigger: "button[name=action_approve]", run: "click" },
    isNow("Executed"),
    { trigger: `body:not(:has(${UNDECIDED}))` },
    ...openApprovals(),
    { trigger: ".o_searchview_facet:contains(Pending)" },
    { trigger: `.o_data_row:contains("${DELETE}") td[name=summary]`, run: "click" },
    { trigger: `.o_form_view h1:contains("${DELETE}")` },
    { trigger: ".o_field_widget[name=preview_shown]:contains('1 records (MCP Test Line)')" },
    { trigger: "button[name=action_reject]", run: "click" },
    { trigger: ".modal .o_field_widget[name=approval_count]:contains(1)" },
    { trigger: ".modal .o_field_widget[name=reason] textarea", run: "edit Not before the audit" },
    { trigger: ".modal button[name=action_decide]:contains(Reject)", run: "click" },
    isNow("Rejected"),
    { trigger: ".alert:contains('Not before the audit')" },
    { trigger: `body:not(:has(${UNDECIDED}))` },
    ...openApprovals(),
    { trigger: ".o_list_view thead .o_list_record_selector input", run: "click" },
    { trigger: ".o_control_panel button[name=action_approve_selected]", run: "click" },
    { trigger: ".modal .o_field_widget[name=approval_count]:contains(2)" },
    { trigger: ".modal p:contains('with the rights of the user who asked for it')" },
    { trigger: ".modal button[name=action_decide]:contains(Approve)", run: "click" },
    { trigger: ".o_notification:contains('Executed: 2. Failed: 0.')" },
    { trigger: "body:not(:has(.modal))" },
    { trigger: ".o_view_nocontent:contains('Nothing waits for an approval')" },
]);

addTour("mcp_approver_looks_again", () => [
    ...openApprovals(),
    { trigger: `.o_data_row:contains("${CHANGE}") td[name=summary]`, run: "click" },
    { trigger: ".o_mcp_changes td:contains('Old name')" },
    { trigger: "button[name=action_approve]", run: "click" },
    { trigger: ".o_notification:contains('has changed since it was asked')" },
    { trigger: ".o_field_widget[name=preview_shown]:contains('Changed since it was asked')" },
    { trigger: ".o_mcp_changes td:contains('Renamed since')" },
    isNow("Pending"),
    { trigger: "button[name=action_approve]", run: "click" },
    isNow("Executed"),
]);

addTour("mcp_requester_sees_and_withdraws", () => [
    ...openApprovals(),
    { trigger: `.o_data_row:contains("${CHANGE}") td[name=summary]`, run: "click" },
    { trigger: ".alert:contains('nobody approves what their own AI tool asks for')" },
    { trigger: `body:not(:has(${UNDECIDED}))` },
    { trigger: "button[name=action_cancel]", run: "click" },
    { trigger: ".modal .modal-footer .btn-primary:contains(Withdraw)", run: "click" },
    isNow("Cancelled"),
    { trigger: "body:not(:has(button[name=action_cancel]))" },
]);

addTour("mcp_connection_approvals", () => [
    ...openConnections(),
    ...openConnection("Tour: approvals"),
    { trigger: "button[name=action_view_approvals]:contains(0)" },
    { trigger: ".o_notebook .nav-link:contains(/^Approvals$/)", run: "click" },
    { trigger: ".text-muted:contains('every call runs at once')" },
    { trigger: ".o_field_widget[name=approval_tool_ids] input", run: "edit Delete a rec" },
    { trigger: ".o-autocomplete--dropdown-item:contains('Delete a record')", run: "click" },
    { trigger: ".o_field_widget[name=approval_tool_ids] .o_tag:contains('Delete a record')" },
    { trigger: ".o_field_widget[name=approver_id] input", run: "edit Rita" },
    { trigger: ".o-autocomplete--dropdown-item:contains('Rita Requester')", run: "click" },
    { trigger: ".o_form_button_save", run: "click" },
    { trigger: ".o_notification:contains('Rita Requester, who cannot approve'), .modal:contains('Rita Requester, who cannot approve')" },
    { trigger: ".modal .modal-footer .btn-primary", run: "click" },
    { trigger: ".o_field_widget[name=approver_id] input", run: "edit Anton" },
    { trigger: ".o-autocomplete--dropdown-item:contains('Anton Approver')", run: "click" },
    { trigger: ".o_form_button_save", run: "click" },
    { trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))" },
    { trigger: ".o-mail-Message:contains('added Delete a record')" },
]);
