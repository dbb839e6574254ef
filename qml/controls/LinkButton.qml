import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A word in a sentence that leads somewhere.
T.AbstractButton {
    id: root

    property string hint: ""

    implicitWidth: contentItem.implicitWidth
    implicitHeight: Math.max(Metrics.smallControl, contentItem.implicitHeight)
    font: Metrics.body
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: Accessible.Link
    Accessible.name: root.text
    Accessible.description: root.hint
    Accessible.ignored: !root.visible
    Accessible.onPressAction: if (root.enabled)
        root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    contentItem: PlainText {
        text: root.text
        font.family: root.font.family
        font.pixelSize: root.font.pixelSize
        font.weight: root.font.weight
        font.underline: root.hovered
        color: root.enabled ? Theme.accent : Theme.text3
        Accessible.ignored: true
    }

    FocusRing {
        visible: root.visualFocus
    }

    HoverHandler {
        cursorShape: Qt.PointingHandCursor
    }

    Hint {
        text: root.hint
        isWanted: root.hovered || root.visualFocus
    }
}
