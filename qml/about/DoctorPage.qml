pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// What the engine finds when it examines itself and the machine.
MenuPage {
    id: root

    readonly property list<string> glyphs: ["state-completed", "state-degraded", "state-failed"]
    readonly property list<color> inks: [Theme.ok, Theme.warn, Theme.fail]

    title: qsTr("Doctor")
    sentence: checks.progress === Records.Loading ? qsTr("Examining…") : qsTr("What Ostler finds when it examines itself and this machine, the worst first.")
    columnWidth: Metrics.px(880)

    actions: BaseButton {
        text: qsTr("Examine again")
        glyph: Glyphs.action("restart")
        onClicked: checks.refresh()
    }

    Records {
        id: checks

        source: "doctor"
        isActive: root.visible
    }

    Callout {
        width: parent.width
        visible: checks.progress === Records.Failed
        height: visible ? implicitHeight : 0
        kind: Callout.Fail
        title: qsTr("The engine cannot examine itself")
        text: checks.trouble
    }

    Repeater {
        model: checks
        delegate: Item {
            id: check

            required property string name
            required property int severity
            required property string text
            required property string mend
            readonly property string word: check.severity === 0 ? qsTr("Good") : check.severity === 1 ? qsTr("Careful") : qsTr("Wrong")

            width: parent ? parent.width : 0
            implicitHeight: Math.max(Metrics.rowHeight, texts.implicitHeight + Metrics.px(16))
            Accessible.role: Accessible.ListItem
            Accessible.name: [check.word, check.name, check.text, check.mend].filter(it => it !== "").join(", ")

            Glyph {
                y: Metrics.px(10)
                source: Glyphs.named(root.glyphs[check.severity])
                color: root.inks[check.severity]
            }

            PlainText {
                x: Metrics.px(28)
                y: Metrics.px(8)
                width: Metrics.px(64)
                text: check.word
                font: check.severity === 0 ? Metrics.body : Metrics.strong
                color: check.severity === 0 ? Theme.text2 : root.inks[check.severity]
                Accessible.ignored: true
            }

            PlainText {
                x: Metrics.px(96)
                y: Metrics.px(8)
                width: Metrics.px(128)
                text: check.name
                font: Metrics.name
                Accessible.ignored: true
            }

            Column {
                id: texts

                x: Metrics.px(232)
                y: Metrics.px(8)
                width: parent.width - x
                spacing: Metrics.px(2)

                PlainText {
                    width: parent.width
                    text: check.text
                    color: check.severity === 0 ? Theme.text2 : Theme.text
                    wrapMode: Text.Wrap
                    Accessible.ignored: true
                }

                PlainText {
                    width: parent.width
                    visible: text !== ""
                    text: check.mend
                    font: Metrics.small
                    color: Theme.text2
                    wrapMode: Text.Wrap
                    Accessible.ignored: true
                }
            }

            Rectangle {
                anchors.bottom: parent.bottom
                width: parent.width
                height: Metrics.lineWidth
                color: Theme.line
            }
        }
    }
}
