import QtQuick
import dev.ostler.app

// What concerns the whole app.
BaseMenu {
    id: root

    ActionItem {
        actionId: Actions.StartAll
    }

    ActionItem {
        actionId: Actions.RestartAll
    }

    ActionItem {
        actionId: Actions.StopAll
    }

    BaseMenuSeparator {
    }

    ActionItem {
        actionId: Actions.ReloadConfig
    }

    BaseMenuSeparator {
    }

    ActionItem {
        actionId: Actions.ServicesPage
    }

    ActionItem {
        actionId: Actions.EventsPage
    }

    ActionItem {
        actionId: Actions.ConnectionsPage
    }

    ActionItem {
        actionId: Actions.SettingsPage
    }

    ActionItem {
        actionId: Actions.DoctorPage
    }

    ActionItem {
        actionId: Actions.Diagnostics
    }

    BaseMenuSeparator {
    }

    ActionItem {
        actionId: Actions.KeyboardPage
    }

    ActionItem {
        actionId: Actions.AboutPage
    }

    BaseMenuSeparator {
    }

    ActionItem {
        actionId: Actions.CloseWindow
        text: App.hasTray ? qsTr("Close to the tray") : qsTr("Close window")
    }

    ActionItem {
        actionId: Actions.Quit
    }
}
