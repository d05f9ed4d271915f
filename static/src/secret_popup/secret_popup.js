import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

/**
 * The popup that shows a new key once. There is nothing to save: when the page is left while it is open, an ordinary
 * form would send the key back to the server, whose log would then name the failure.
 */
class SecretPopupController extends FormController {
    async beforeLeave() {}

    async beforeUnload() {}
}

registry.category("views").add("mcp_secret_popup", { ...formView, Controller: SecretPopupController });
