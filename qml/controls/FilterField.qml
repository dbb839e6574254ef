import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A field that narrows a list while typing. Esc clears it, then leaves it.
T.TextField {
    id: root

    property string keyCap: ""

    signal finished

    implicitWidth: Metrics.px(224)
    implicitHeight: Metrics.control
    leftPadding: Metrics.px(33)
    rightPadding: Metrics.px(32)
    font: Metrics.body
    color: Theme.text
    placeholderTextColor: Theme.text3
    selectionColor: Theme.accentFill
    selectedTextColor: Theme.accentInk
    verticalAlignment: TextInput.AlignVCenter
    selectByMouse: true
    hoverEnabled: true

    Accessible.role: Accessible.EditableText
    Accessible.name: root.placeholderText

    Keys.onEscapePressed: {
        if (root.text === "")
            root.finished();
        else
            root.clear();
    }
    Keys.onDownPressed: root.finished()

    background: Rectangle {
        radius: Metrics.radius
        color: Theme.base
        border.width: Metrics.lineWidth
        border.color: Theme.border
    }

    PlainText {
        anchors.fill: parent
        anchors.leftMargin: root.leftPadding
        anchors.rightMargin: root.rightPadding
        visible: root.text === "" && root.preeditText === ""
        text: root.placeholderText
        color: Theme.text3
        Accessible.ignored: true
    }

    Glyph {
        anchors.verticalCenter: parent.verticalCenter
        anchors.left: parent.left
        anchors.leftMargin: Metrics.px(9)
        source: Glyphs.action("filter")
        color: Theme.text2
    }

    KeyCap {
        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Metrics.px(8)
        visible: root.keyCap !== "" && root.text === ""
        text: root.keyCap
    }

    BaseButton {
        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Metrics.px(2)
        visible: root.text !== ""
        isSmall: true
        isFlat: true
        glyph: Glyphs.action("close")
        hint: qsTr("Clear filter")
        onClicked: root.clear()
    }

    FocusRing {
        visible: root.activeFocus
    }
}
