import { addTour, confirmDialog, openConnection, openConnections } from "./steps";

const SUSPEND =
    "Suspend this connection? Its AI tool gets an error at every call until you resume it. Keys and consents stay as they are.";

addTour("mcp_suspension", () => [
    ...openConnections(),
    ...openConnection("Tour: suspension"),
    { trigger: "body:not(:has(.o_mcp_suspension, button[name=action_resume]))" },
    { trigger: "button[name=action_suspend]", run: "click" },
    ...confirmDialog(SUSPEND),
    { trigger: ".o_field_widget[name=status] .text-bg-primary:contains(Suspended)" },
    { trigger: ".o_mcp_suspension:contains('By an Administrator'):contains('click Resume')" },
    { trigger: "button.o_mcp_suspended:contains(Suspended)" },
    { trigger: "body:not(:has(button[name=action_suspend], button[name=action_rotate_key]))" },
    { trigger: "button[name=action_resume]", run: "click" },
    { trigger: "body:not(:has(.o_mcp_suspension, button[name=action_resume]))" },
    { trigger: "button[name=action_rotate_key]" },
    { trigger: "button[name=action_suspend]" },
]);

addTour("mcp_suspension_of_archived", () => [
    ...openConnections(),
    { trigger: ".o_facet_remove", run: "click" },
    ...openConnection("Tour: archived"),
    { trigger: ".o_mcp_suspension:contains('User Archived'):contains('Unarchive this user first')" },
    { trigger: "body:not(:has(button[name=action_suspend], button[name=action_resume]))" },
]);
