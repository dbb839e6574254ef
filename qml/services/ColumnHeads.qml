import QtQuick
import dev.ostler.app

// The names of the columns.
Item {
    id: root

    required property Columns columns

    implicitHeight: Metrics.headHeight
    Accessible.ignored: true

    component Head: PlainText {
        height: root.height
        font: Metrics.caption
        color: Theme.text3
        Accessible.ignored: true
    }

    Head {
        x: root.columns.inset
        text: qsTr("State")
    }

    Head {
        x: root.columns.serviceX
        text: qsTr("Service")
    }

    Head {
        x: root.columns.addressX
        text: qsTr("Address")
    }

    Head {
        x: root.columns.uptimeX
        text: qsTr("Uptime")
    }

    Head {
        visible: root.columns.hasRestarts
        x: root.columns.restartsX
        width: Metrics.restartsWidth
        horizontalAlignment: Text.AlignRight
        text: qsTr("Restarts")
    }

    Head {
        visible: root.columns.hasCpu
        x: root.columns.cpuX
        width: Metrics.numberWidth
        horizontalAlignment: Text.AlignRight
        text: qsTr("CPU")
    }

    Head {
        visible: root.columns.hasMemory
        x: root.columns.memoryX
        width: Metrics.numberWidth
        horizontalAlignment: Text.AlignRight
        text: qsTr("Memory")
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
