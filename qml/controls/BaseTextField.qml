import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A line of text to type. `label` names it for readers; `trouble` says what is wrong with it.
T.TextField {
    id: root

    property string label: ""
    property string trouble: ""
    property bool isLarge: false

    implicitWidth: Metrics.px(280)
    implicitHeight: root.isLarge ? Metrics.largeControl : Metrics.control
    leftPadding: Metrics.px(9)
    rightPadding: Metrics.px(9)
    font: Metrics.body
    color: root.enabled ? Theme.text : Theme.text3
    placeholderTextColor: Theme.text3
    selectionColor: Theme.accentFill
    selectedTextColor: Theme.accentInk
    verticalAlignment: TextInput.AlignVCenter
    selectByMouse: true
    hoverEnabled: true

    Accessible.role: Accessible.EditableText
    Accessible.name: root.label !== "" ? root.label : root.placeholderText
    Accessible.description: root.trouble

    background: Rectangle {
        radius: Metrics.radius
        color: root.enabled ? Theme.base : "transparent"
        border.width: Metrics.lineWidth
        border.color: !root.enabled ? Theme.line : root.trouble !== "" ? Theme.fail : Theme.border
    }

    PlainText {
        anchors.fill: parent
        anchors.leftMargin: root.leftPadding
        anchors.rightMargin: root.rightPadding
        visible: root.text === "" && root.preeditText === ""
        text: root.placeholderText
        font: root.font
        color: Theme.text3
        Accessible.ignored: true
    }

    FocusRing {
        visible: root.activeFocus
    }
}
