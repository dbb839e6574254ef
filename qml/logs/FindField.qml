import QtQuick
import dev.ostler.app

// What is looked for, which of how many it is, and the way to the others. Enter goes on; Esc clears, then leaves.
BaseTextField {
    id: root

    property int hit: 0
    property int hits: 0
    readonly property real before: Metrics.px(33)
    readonly property real after: root.text === "" ? root.before : count.width + Metrics.px(66)

    signal stepWanted(bool isForward)
    signal finished

    leftPadding: root.LayoutMirroring.enabled ? root.after : root.before
    rightPadding: root.LayoutMirroring.enabled ? root.before : root.after
    placeholderText: qsTr("Find in log")
    Accessible.description: root.text === "" ? "" : count.text

    Keys.onReturnPressed: event => root.stepWanted(!(event.modifiers & Qt.ShiftModifier))
    Keys.onEnterPressed: event => root.stepWanted(!(event.modifiers & Qt.ShiftModifier))
    Keys.onDownPressed: root.finished()
    Keys.onEscapePressed: {
        if (root.text === "")
            root.finished();
        else
            root.clear();
    }

    Glyph {
        anchors.verticalCenter: parent.verticalCenter
        anchors.left: parent.left
        anchors.leftMargin: Metrics.px(9)
        source: Glyphs.action("search")
        color: Theme.text2
    }

    PlainText {
        id: count

        anchors.verticalCenter: parent.verticalCenter
        anchors.right: previous.left
        anchors.rightMargin: Metrics.px(4)
        visible: root.text !== ""
        text: root.hits === 0 ? qsTr("none") : qsTr("%1 of %2").arg(root.hit).arg(root.hits)
        font: Metrics.small
        color: Theme.text2
        Accessible.ignored: true
    }

    BaseButton {
        id: previous

        anchors.verticalCenter: parent.verticalCenter
        anchors.right: next.left
        visible: root.text !== ""
        enabled: root.hits > 0
        isSmall: true
        isFlat: true
        glyph: Glyphs.action("chevron-up")
        hint: qsTr("Previous (Shift+F3)")
        onClicked: root.stepWanted(false)
    }

    BaseButton {
        id: next

        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Metrics.px(2)
        visible: root.text !== ""
        enabled: root.hits > 0
        isSmall: true
        isFlat: true
        glyph: Glyphs.action("chevron-down")
        hint: qsTr("Next (F3)")
        onClicked: root.stepWanted(true)
    }
}
