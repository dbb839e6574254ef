import QtQuick
import dev.ostler.app

// What concerns the whole app.
BaseMenu {
    id: root

    signal closeWanted

    BaseMenuItem {
        text: qsTr("Reload configuration")
        enabled: App.link === App.Live
        onTriggered: Supervisor.reloadConfig()
    }

    BaseMenuSeparator {
    }

    BaseMenuItem {
        text: App.hasTray ? qsTr("Close to the tray") : qsTr("Close window")
        keys: "Ctrl+W"
        onTriggered: root.closeWanted()
    }

    BaseMenuItem {
        text: qsTr("Quit")
        keys: "Ctrl+Q"
        onTriggered: App.quit()
    }
}
