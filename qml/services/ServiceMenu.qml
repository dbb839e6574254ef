import QtQuick
import dev.ostler.app

// What can be done with one service.
BaseMenu {
    id: root

    property RowFacts row

    readonly property string name: root.row ? root.row.name : ""

    signal copyWanted(string text)
    signal detailWanted(string service)

    BaseMenuItem {
        text: qsTr("Details")
        keys: "Enter"
        onTriggered: root.detailWanted(root.name)
    }

    BaseMenuSeparator {
    }

    BaseMenuItem {
        text: qsTr("Start")
        keys: "Ctrl+Enter"
        enabled: root.row && root.row.canStart
        onTriggered: ServicesModel.start(root.name)
    }

    BaseMenuItem {
        text: qsTr("Restart")
        keys: "Ctrl+R"
        enabled: root.row && root.row.canRestart
        onTriggered: ServicesModel.restart(root.name)
    }

    BaseMenuItem {
        text: qsTr("Stop")
        keys: "Ctrl+."
        enabled: root.row && root.row.canStop
        onTriggered: ServicesModel.stop(root.name)
    }

    BaseMenuSeparator {
    }

    BaseMenuItem {
        text: qsTr("Open URL")
        keys: "Ctrl+O"
        enabled: root.row && root.row.url !== ""
        onTriggered: Qt.openUrlExternally(root.row.url)
    }

    BaseMenuItem {
        text: qsTr("Copy URL")
        keys: "Ctrl+Shift+C"
        enabled: root.row && root.row.url !== ""
        onTriggered: root.copyWanted(root.row.url)
    }
}
