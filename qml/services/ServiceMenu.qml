import QtQuick
import dev.ostler.app

// What can be done with one service.
BaseMenu {
    id: root

    property RowFacts row

    readonly property string name: root.row ? root.row.name : ""

    signal detailWanted(string service)

    BaseMenuItem {
        text: qsTr("Details")
        keys: "Enter"
        onTriggered: root.detailWanted(root.name)
    }

    BaseMenuSeparator {
    }

    ActionItem {
        actionId: Actions.Start
        service: root.name
        enabled: root.row && root.row.canStart
    }

    ActionItem {
        actionId: Actions.Restart
        service: root.name
        enabled: root.row && root.row.canRestart
    }

    ActionItem {
        actionId: Actions.Stop
        service: root.name
        enabled: root.row && root.row.canStop
    }

    BaseMenuSeparator {
    }

    BaseMenuItem {
        visible: root.row && root.row.fit === ServicesModel.UsePortFits
        text: root.row ? Words.ofFit(root.row.fit, root.row.freePort) : ""
        onTriggered: Actions.useFreePort(root.name)
    }

    ActionItem {
        actionId: Actions.ShowLog
        service: root.name
    }

    BaseMenuSeparator {
    }

    ActionItem {
        actionId: Actions.OpenUrl
        service: root.name
        enabled: root.row && root.row.url !== ""
    }

    ActionItem {
        actionId: Actions.CopyUrl
        service: root.name
        enabled: root.row && root.row.url !== ""
    }
}
