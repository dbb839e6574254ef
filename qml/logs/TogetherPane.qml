import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// The logs of several services in one, in the order of time.
FocusScope {
    id: root

    property list<string> services: []
    property bool isAlone: false
    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.px(20)

    signal closed

    Accessible.role: Accessible.Pane
    Accessible.name: title.text

    Keys.onEscapePressed: root.closed()

    Rectangle {
        anchors.fill: parent
        color: Theme.base
    }

    RowLayout {
        id: head

        x: root.inset
        width: parent.width - x - Metrics.px(12)
        height: Metrics.px(56)
        spacing: Metrics.gap

        BaseButton {
            visible: root.isAlone
            isFlat: true
            glyph: Glyphs.action("back")
            hint: qsTr("Back to the list")
            onClicked: root.closed()
        }

        PlainText {
            id: title

            text: qsTr("Logs together")
            font: Metrics.title
            Accessible.role: Accessible.Heading
        }

        PlainText {
            Layout.fillWidth: true
            text: root.services.join(", ")
            color: Theme.text2
        }

        BaseButton {
            visible: !root.isAlone
            isFlat: true
            glyph: Glyphs.action("close")
            hint: qsTr("Close the logs")
            onClicked: root.closed()
        }
    }

    Rectangle {
        id: line

        anchors.top: head.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }

    LogsView {
        anchors.top: line.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        focus: true
        isShown: root.visible
        services: root.services
    }
}
