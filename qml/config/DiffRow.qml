import QtQuick
import dev.ostler.app

// One line of a difference.
Rectangle {
    id: root

    required property int kind
    required property int old
    required property int now
    required property string text
    readonly property bool isAdded: root.kind === ConfigDocument.Added
    readonly property bool isRemoved: root.kind === ConfigDocument.Removed

    implicitHeight: Metrics.px(20)
    color: root.isAdded ? Theme.okTint : root.isRemoved ? Theme.failTint : root.kind === ConfigDocument.Gap ? Theme.sunken : "transparent"

    Accessible.role: Accessible.ListItem
    Accessible.name: root.isAdded ? qsTr("added: %1").arg(root.text) : root.isRemoved ? qsTr("removed: %1").arg(root.text) : root.text

    PlainText {
        width: Metrics.px(44)
        height: parent.height
        horizontalAlignment: Text.AlignRight
        text: root.old > 0 ? root.old : ""
        font: Metrics.editor
        color: Theme.text3
        Accessible.ignored: true
    }

    PlainText {
        x: Metrics.px(44)
        width: Metrics.px(44)
        height: parent.height
        horizontalAlignment: Text.AlignRight
        text: root.now > 0 ? root.now : ""
        font: Metrics.editor
        color: Theme.text3
        Accessible.ignored: true
    }

    PlainText {
        x: Metrics.px(96)
        height: parent.height
        text: root.isAdded ? "+" : root.isRemoved ? "−" : root.kind === ConfigDocument.Gap ? "⋯" : ""
        font: Metrics.editor
        color: root.isAdded ? Theme.ok : root.isRemoved ? Theme.fail : Theme.text3
        Accessible.ignored: true
    }

    PlainText {
        x: Metrics.px(112)
        width: parent.width - x
        height: parent.height
        text: root.text
        font: Metrics.editor
        color: root.isAdded || root.isRemoved ? Theme.text : Theme.text2
        Accessible.ignored: true
    }
}
