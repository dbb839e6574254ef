import QtQuick
import QtQuick.Window
import dev.ostler.app

// What the tray, notifications and the end of the app want of the window.
Item {
    id: root

    required property Window window

    signal logsWanted(string service)
    signal serviceWanted(string service)
    signal configWanted
    signal restartAllWanted

    visible: false

    function look() {
        Desktop.see(root.window.visible, root.window.visible && root.window.active);
    }

    Connections {
        target: root.window

        function onVisibleChanged() {
            root.look();
        }

        function onActiveChanged() {
            root.look();
        }

        // The close is accepted: a window that stays would hold up the end of the session.
        function onClosing() {
            Desktop.close();
        }
    }

    Connections {
        target: Desktop

        function onLogsWanted(service) {
            root.logsWanted(service);
        }

        function onServiceWanted(service) {
            root.serviceWanted(service);
        }

        function onConfigWanted() {
            root.configWanted();
        }

        function onRestartAllWanted() {
            root.restartAllWanted();
        }

        function onOpenWanted(url) {
            Qt.openUrlExternally(url);
        }

        function onCopyWanted(text) {
            clip.text = text;
            clip.selectAll();
            clip.copy();
        }

        function onQuitAsked(serviceCount) {
            quitDialog.serviceCount = serviceCount;
            quitDialog.open();
        }
    }

    TextEdit {
        id: clip

        visible: false
        Accessible.ignored: true
    }

    QuitDialog {
        id: quitDialog
    }
}
