import QtQuick
import dev.ostler.app

// What can be done with the list: all of its services, and how it looks.
BaseMenu {
    id: root

    required property Columns columns

    component ColumnItem: BaseMenuItem {
        id: item

        required property int column

        visible: !root.columns.isCompact
        checkable: true
        onTriggered: Looks.showColumn(item.column, item.checked)
    }

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

    BaseMenuItem {
        checkable: true
        checked: Looks.isGrouped
        text: qsTr("Group the services")
        onTriggered: Looks.group(checked)
    }

    BaseMenuSeparator {
    }

    ColumnItem {
        column: Looks.AddressColumn
        visible: true
        checked: Looks.hasAddress
        text: qsTr("Address")
    }

    ColumnItem {
        column: Looks.UptimeColumn
        checked: Looks.hasUptime
        text: qsTr("Uptime")
    }

    ColumnItem {
        column: Looks.RestartsColumn
        checked: Looks.hasRestarts
        text: qsTr("Restarts")
    }

    ColumnItem {
        column: Looks.CpuColumn
        checked: Looks.hasCpu
        text: qsTr("CPU")
    }

    ColumnItem {
        column: Looks.MemoryColumn
        checked: Looks.hasMemory
        text: qsTr("Memory")
    }

    ColumnItem {
        column: Looks.GraphsColumn
        checked: Looks.hasGraphs
        text: qsTr("Curves of CPU and memory")
    }
}
