import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A page that the menu opens: a title, a way back, one column.
FocusScope {
    id: root

    property string title: ""
    property string sentence: ""
    property real columnWidth: Metrics.px(720)
    default property alias content: column.data
    property alias actions: actions.data

    signal leaving

    Keys.onEscapePressed: root.leaving()

    Accessible.role: Accessible.Pane
    Accessible.name: root.title

    Flickable {
        id: view

        anchors.fill: parent
        contentHeight: column.height + column.y + Metrics.px(48)
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        activeFocusOnTab: true
        focus: true

        Keys.onDownPressed: flick(0, -Metrics.px(600))
        Keys.onUpPressed: flick(0, Metrics.px(600))

        T.ScrollBar.vertical: BaseScrollBar {
        }

        FocusFollower {
            view: view
        }

        BaseButton {
            id: back

            anchors.left: parent.left
            anchors.leftMargin: Metrics.inset
            y: Metrics.px(20)
            isFlat: true
            glyph: Glyphs.action("back")
            hint: qsTr("Back to the services")
            onClicked: root.leaving()
        }

        Column {
            id: column

            readonly property real beside: Metrics.inset + back.width + Metrics.gap

            anchors.left: parent.left
            anchors.leftMargin: Math.max(beside, Math.min(Metrics.px(160), (view.width - width) / 2))
            y: Metrics.px(20)
            width: Math.min(root.columnWidth, view.width - beside - Metrics.inset)
            spacing: Metrics.gap

            Item {
                width: parent.width
                height: Math.max(title.height, actions.height)

                PlainText {
                    id: title

                    width: parent.width - actions.width - Metrics.gap
                    height: Metrics.control
                    text: root.title
                    font: Metrics.title
                    Accessible.role: Accessible.Heading
                }

                Row {
                    id: actions

                    anchors.right: parent.right
                    spacing: Metrics.gap
                }
            }

            PlainText {
                width: parent.width
                visible: text !== ""
                text: root.sentence
                color: Theme.text2
                wrapMode: Text.Wrap
                bottomPadding: Metrics.gap
            }
        }
    }
}
