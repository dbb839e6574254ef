import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// What can be done with several services at once.
Item {
    id: root

    required property Columns columns
    readonly property list<string> names: ServicesModel.selected

    // Asks before several stop or restart.
    signal orderWanted(int verb)
    signal logsWanted

    implicitHeight: Metrics.toolbarHeight

    Accessible.role: Accessible.ToolBar
    Accessible.name: label.text

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: root.columns.inset
        anchors.rightMargin: root.columns.inset
        spacing: Metrics.gap

        PlainText {
            id: label

            text: qsTr("%1 selected").arg(root.names.length)
            font: Metrics.strong
        }

        PlainText {
            Layout.fillWidth: true
            text: root.names.join(", ")
            color: Theme.text2
        }

        BaseButton {
            glyph: Glyphs.action("restart")
            text: root.columns.isCompact ? "" : qsTr("Restart")
            hint: root.columns.isCompact ? qsTr("Restart") : ""
            onClicked: Actions.runOn(Actions.RestartThem, root.names)
        }

        BaseButton {
            glyph: Glyphs.action("stop")
            text: root.columns.isCompact ? "" : qsTr("Stop…")
            hint: root.columns.isCompact ? qsTr("Stop…") : ""
            onClicked: root.orderWanted(Actions.StopThem)
        }

        BaseButton {
            glyph: Glyphs.action("start")
            text: root.columns.isCompact ? "" : qsTr("Start")
            hint: root.columns.isCompact ? qsTr("Start") : ""
            onClicked: Actions.runOn(Actions.StartThem, root.names)
        }

        BaseButton {
            glyph: Glyphs.action("log")
            text: root.columns.isCompact ? "" : qsTr("Logs together")
            hint: root.columns.isCompact ? qsTr("Logs together") : ""
            onClicked: root.logsWanted()
        }

        BaseButton {
            isFlat: true
            text: qsTr("Clear")
            onClicked: ServicesModel.clearSelection()
        }

        KeyCap {
            visible: !root.columns.isCompact
            text: qsTr("Esc")
        }
    }
}
