pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// Asks where the diagnostics go, and shows what will be in them.
BaseDialog {
    id: root

    title: qsTr("Save diagnostics of Ostler?")
    sentence: qsTr("What helps others to help you, in one zip. Known secrets are masked; what a service wrote about itself may hold others. Look through it before you give it away.")
    verb: qsTr("Save diagnostics")
    wantedWidth: Metrics.px(560)
    isUndoable: true
    canConfirm: path.text.trim() !== "" && parts.progress === Records.Ready
    onAboutToShow: path.text = Actions.diagnosticsPath()
    onConfirmed: Actions.saveDiagnostics(path.text.trim())

    Records {
        id: parts

        source: "diagnostics"
        isActive: root.visible
    }

    BaseTextField {
        id: path

        width: parent.width
        isLarge: true
        label: qsTr("File")
    }

    PlainText {
        visible: parts.progress === Records.Loading
        text: qsTr("Gathering…")
        color: Theme.text2
    }

    Callout {
        width: parent.width
        visible: parts.progress === Records.Failed
        height: visible ? implicitHeight : 0
        kind: Callout.Fail
        title: qsTr("Nothing can be gathered")
        text: parts.trouble
    }

    ListView {
        id: list

        width: parent.width
        height: Math.min(contentHeight, Metrics.px(220))
        clip: true
        model: parts
        boundsBehavior: Flickable.StopAtBounds
        activeFocusOnTab: true
        Accessible.role: Accessible.List
        Accessible.name: qsTr("What will be in it")

        T.ScrollBar.vertical: BaseScrollBar {
        }

        delegate: Item {
            id: part

            required property string name
            required property string size
            required property string text

            width: ListView.view.width
            height: Metrics.px(24)
            Accessible.role: Accessible.ListItem
            Accessible.name: [part.name, part.size, part.text].join(", ")

            PlainText {
                width: Metrics.px(180)
                height: parent.height
                text: part.name
                font: Metrics.mono
                elide: Text.ElideMiddle
                Accessible.ignored: true
            }

            PlainText {
                x: Metrics.px(188)
                width: Metrics.px(64)
                height: parent.height
                horizontalAlignment: Text.AlignRight
                text: part.size
                font: Metrics.small
                color: Theme.text2
                Accessible.ignored: true
            }

            PlainText {
                x: Metrics.px(268)
                width: parent.width - x - Metrics.px(12)
                height: parent.height
                text: part.text
                font: Metrics.small
                color: Theme.text2
                Accessible.ignored: true
            }
        }
    }
}
