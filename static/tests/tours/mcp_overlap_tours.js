import {
    addTour,
    assert,
    confirmDialog,
    openConnection,
    openConnections,
    PATIENCE,
    reloadForm,
    rotate,
    seeKeyAndClose,
    seen,
} from "./steps";

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
                await waitUntil(() => hours === "24" || text() !== seen.until, { timeout: PATIENCE });
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
