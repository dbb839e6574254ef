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
        anchors.left: parent.left
        anchors.leftMargin: root.columns.inset
        text: qsTr("State")
    }

    Head {
        anchors.left: parent.left
        anchors.leftMargin: root.columns.serviceX
        text: qsTr("Service")
    }

    Head {
        visible: root.columns.hasAddress
        anchors.left: parent.left
        anchors.leftMargin: root.columns.addressX
        text: qsTr("Address")
    }

    Head {
        visible: root.columns.hasUptime
        anchors.left: parent.left
        anchors.leftMargin: root.columns.uptimeX
        text: qsTr("Uptime")
    }

    Head {
        visible: root.columns.hasRestarts
        anchors.left: parent.left
        anchors.leftMargin: root.columns.restartsX
        width: Metrics.restartsWidth
        horizontalAlignment: Text.AlignRight
        text: qsTr("Restarts")
    }

    Head {
        visible: root.columns.hasCpu
        anchors.left: parent.left
        anchors.leftMargin: root.columns.cpuX
        width: Metrics.numberWidth
        horizontalAlignment: Text.AlignRight
        text: qsTr("CPU")
    }

    Head {
        visible: root.columns.hasMemory
        anchors.left: parent.left
        anchors.leftMargin: root.columns.memoryX
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
