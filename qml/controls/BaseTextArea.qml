import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// Several lines of text to type. `label` names it for readers; `trouble` says what is wrong with it.
T.TextArea {
    id: root

    property string label: ""
    property string trouble: ""

    implicitWidth: Metrics.px(440)
    implicitHeight: Math.max(Metrics.px(72), contentHeight + topPadding + bottomPadding)
    padding: Metrics.px(9)
    topPadding: Metrics.px(6)
    bottomPadding: Metrics.px(6)
    font: Metrics.body
    color: root.enabled ? Theme.text : Theme.text3
    placeholderTextColor: Theme.text3
    selectionColor: Theme.accentFill
    selectedTextColor: Theme.accentInk
    textFormat: TextEdit.PlainText
    wrapMode: TextEdit.Wrap
    selectByMouse: true

    Accessible.role: Accessible.EditableText
    Accessible.name: root.label !== "" ? root.label : root.placeholderText
    Accessible.description: root.trouble
    Accessible.multiLine: true

    // Tab goes on; a line of its own is made by Return.
    KeyNavigation.priority: KeyNavigation.BeforeItem
    Keys.onTabPressed: nextItemInFocusChain(true).forceActiveFocus(Qt.TabFocusReason)
    Keys.onBacktabPressed: nextItemInFocusChain(false).forceActiveFocus(Qt.BacktabFocusReason)

    background: Rectangle {
        radius: Metrics.radius
        color: root.enabled ? Theme.base : "transparent"
        border.width: Metrics.lineWidth
        border.color: !root.enabled ? Theme.line : root.trouble !== "" ? Theme.fail : Theme.border
    }

    PlainText {
        x: root.leftPadding
        y: root.topPadding
        width: root.width - root.leftPadding - root.rightPadding
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
