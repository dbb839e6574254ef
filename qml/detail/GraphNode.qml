import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// One service of the graph.
T.AbstractButton {
    id: root

    property int phase: ServicesModel.Unknown
    property string condition: ""
    property bool isItself: false

    implicitHeight: Metrics.control
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: Accessible.Button
    Accessible.name: [text, Words.ofState(phase), condition].filter(part => part !== "").join(", ")
    Accessible.ignored: !visible
    Accessible.onPressAction: root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    contentItem: Item {
        Glyph {
            id: glyph

            anchors.verticalCenter: parent.verticalCenter
            x: Metrics.gap
            size: Metrics.px(14)
            source: Glyphs.ofState(root.phase)
            color: Theme.states[root.phase]
        }

        PlainText {
            id: name

            anchors.left: glyph.right
            anchors.leftMargin: Metrics.gap
            anchors.verticalCenter: parent.verticalCenter
            width: Math.min(implicitWidth, parent.width - glyph.width - 3 * Metrics.gap)
            text: root.text
            font: Metrics.name
            Accessible.ignored: true
        }

        PlainText {
            anchors.right: parent.right
            anchors.rightMargin: Metrics.gap
            anchors.verticalCenter: parent.verticalCenter
            visible: implicitWidth + name.width + glyph.width + 4 * Metrics.gap <= parent.width
            text: Words.ofState(root.phase)
            font: Metrics.small
            color: Theme.text2
            Accessible.ignored: true
        }
    }

    background: Rectangle {
        radius: Metrics.radius
        color: root.down ? Theme.press : root.hovered && !root.isItself ? Theme.hover : Theme.base
        border.width: Metrics.lineWidth
        border.color: root.isItself ? Theme.border : Theme.edge
    }

    FocusRing {
        visible: root.visualFocus
    }

    Hint {
        text: root.condition
        isWanted: (root.hovered || root.visualFocus) && root.condition !== ""
    }
}
