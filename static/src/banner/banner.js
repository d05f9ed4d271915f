import { Component, onWillStart, useState } from "@odoo/owl";
import { user } from "@web/core/user";
import { patch } from "@web/core/utils/patch";
import { useService } from "@web/core/utils/hooks";
import { ControlPanel } from "@web/search/control_panel/control_panel";

const APP = "mcp_gateway.menu_root";
const ADMIN_GROUP = "mcp_gateway.group_mcp_admin";

/**
 * Says on every screen of the app that the server is off. Other apps never ask.
 */
export class McpOffBanner extends Component {
    static template = "mcp_gateway.OffBanner";
    static props = {};

    setup() {
        this.action = useService("action");
        this.menu = useService("menu");
        this.orm = useService("orm");
        this.state = useState({ isOff: false, isAdmin: false });
        onWillStart(async () => {
            if (this.menu.getCurrentApp()?.xmlid !== APP) {
                return;
            }
            [this.state.isOff, this.state.isAdmin] = await Promise.all([
                this.orm.call("mcp.settings", "is_enabled", []).then((isEnabled) => !isEnabled),
                user.hasGroup(ADMIN_GROUP),
            ]);
        });
    }

    openSettings() {
        this.action.doAction("mcp_gateway.mcp_settings_action");
    }
}

patch(ControlPanel, {
    components: { ...ControlPanel.components, McpOffBanner },
});
