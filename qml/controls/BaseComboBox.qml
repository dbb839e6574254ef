pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// One of a few choices, the present one shown. `label` names it for readers.
T.ComboBox {
    id: root

    property string label: ""
    property string hint: ""

    implicitWidth: Metrics.px(200)
    implicitHeight: Metrics.control
    leftPadding: root.mirrored ? Metrics.px(30) : Metrics.px(12)
    rightPadding: root.mirrored ? Metrics.px(12) : Metrics.px(30)
    font: Metrics.body
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: Accessible.ComboBox
    Accessible.name: root.label
    Accessible.description: root.displayText
    Accessible.ignored: !root.visible
    Accessible.onPressAction: if (root.enabled)
        root.popup.open()

    Keys.onReturnPressed: root.popup.open()
    Keys.onEnterPressed: root.popup.open()

    contentItem: PlainText {
        text: root.displayText
        font: root.font
        color: root.enabled ? Theme.text : Theme.text3
        Accessible.ignored: true
    }

    indicator: Glyph {
        x: root.mirrored ? Metrics.px(9) : root.width - width - Metrics.px(9)
        anchors.verticalCenter: parent.verticalCenter
        source: Glyphs.action("chevron-down")
        color: root.enabled ? Theme.text2 : Theme.text3
    }

    background: Rectangle {
        radius: Metrics.radius
        color: root.down ? Theme.press : root.hovered && root.enabled ? Theme.hover : root.enabled ? Theme.raised : "transparent"
        border.width: Metrics.lineWidth
        border.color: root.enabled ? Theme.edge : Theme.line
    }

    delegate: T.ItemDelegate {
        id: choice

        required property int index
        required property string modelData

        width: ListView.view.width
        height: Metrics.control
        highlighted: root.highlightedIndex === choice.index
        hoverEnabled: true

        Accessible.role: Accessible.ListItem
        Accessible.name: choice.modelData
        Accessible.selected: root.currentIndex === choice.index
        Accessible.onPressAction: choice.clicked()

        contentItem: PlainText {
            leftPadding: choice.mirrored ? Metrics.gap : Metrics.px(28)
            rightPadding: choice.mirrored ? Metrics.px(28) : Metrics.gap
            text: choice.modelData
            font: root.font
            Accessible.ignored: true
        }

        background: Rectangle {
            radius: Metrics.smallRadius
            color: choice.highlighted ? Theme.select : "transparent"

            Glyph {
                anchors.left: parent.left
                anchors.leftMargin: Metrics.gap
                anchors.verticalCenter: parent.verticalCenter
                visible: root.currentIndex === choice.index
                source: Glyphs.named("state-completed")
                color: Theme.text
            }
        }
    }

    popup: T.Popup {
        y: root.height + Metrics.px(4)
        width: Math.max(root.width, Metrics.px(160))
        implicitHeight: Math.min(contentItem.implicitHeight + topPadding + bottomPadding, Metrics.px(320))
        margins: Metrics.px(4)
        padding: Metrics.px(4)

        contentItem: ListView {
            implicitHeight: contentHeight
            clip: true
            model: root.delegateModel
            currentIndex: root.highlightedIndex
            boundsBehavior: Flickable.StopAtBounds

            T.ScrollBar.vertical: BaseScrollBar {
            }
        }

        background: Rectangle {
            radius: Metrics.popupRadius
            color: Theme.raised
            border.width: Metrics.lineWidth
            border.color: Theme.edge
        }
    }

    FocusRing {
        visible: root.visualFocus
    }

    Hint {
        text: root.hint
        isWanted: (root.hovered || root.visualFocus) && !root.popup.visible
    }
}
