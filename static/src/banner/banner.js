import { Component, onWillStart, useState } from "@odoo/owl";
import { user } from "@web/core/user";
import { useBus, useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { ControlPanel } from "@web/search/control_panel/control_panel";

const APP = "mcp_gateway.menu_root";
const ADMIN_GROUP = "mcp_gateway.group_mcp_admin";

/** Says on every screen of the app that the server is off. In other apps it asks nothing and shows nothing. */
export class McpOffBanner extends Component {
    static template = "mcp_gateway.OffBanner";
    static props = {};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ isOff: false, isAdmin: false });
        // The screen does not wait for the answer, and is drawn without it when there is none.
        onWillStart(() => void this.update());
        // After a reload of the page the screen may come before the menu that tells the app.
        useBus(this.env.bus, "MENUS:APP-CHANGED", () => void this.update());
    }

    get isInApp() {
        // A portal's web client, such as a shared project's, has no menus.
        return !this.env.inDialog && this.env.services.menu?.getCurrentApp()?.xmlid === APP;
    }

    async update() {
        if (!this.isInApp) {
            this.state.isOff = false;
            return;
        }
        const [isEnabled, isAdmin] = await Promise.all([
            this.orm.silent.call("mcp.settings", "is_enabled", []).catch(() => true),
            user.hasGroup(ADMIN_GROUP),
        ]);
        Object.assign(this.state, { isOff: this.isInApp && !isEnabled, isAdmin });
    }

    openSettings() {
        this.action.doAction("mcp_gateway.mcp_settings_action");
    }
}

// A getter instead of an entry of `components`: a subclass with components of its own would lack the entry and fail.
patch(ControlPanel.prototype, {
    get McpOffBanner() {
        return McpOffBanner;
    },
});
