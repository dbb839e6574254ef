import QtQuick
import dev.ostler.app

// A line that will be written.
Item {
    id: root

    required property int number
    required property string text

    implicitHeight: Metrics.px(20)

    Accessible.role: Accessible.ListItem
    Accessible.name: root.text

    PlainText {
        width: Metrics.px(32)
        height: parent.height
        horizontalAlignment: Text.AlignRight
        text: root.number
        font: Metrics.mono
        color: Theme.text3
        Accessible.ignored: true
    }

    PlainText {
        x: Metrics.px(40)
        height: parent.height
        text: "+"
        font: Metrics.mono
        color: Theme.ok
        Accessible.ignored: true
    }

    PlainText {
        x: Metrics.px(56)
        width: parent.width - x
        height: parent.height
        text: root.text
        font: Metrics.mono
        color: root.text.startsWith("#") ? Theme.codeComment : root.text.startsWith("[") ? Theme.codeTable : Theme.text
        Accessible.ignored: true
    }
}
