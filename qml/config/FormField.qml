import QtQuick
import dev.ostler.app

// A key of a service: its name, its value, where that comes from.
Column {
    id: root

    required property int group
    required property bool isFirst
    required property string path
    required property string doc
    required property int take
    required property list<string> choices
    required property string value
    required property string example
    required property string origin
    required property bool isWritten
    required property bool isElsewhere
    property string service: ""
    property string heading: ""
    readonly property bool isEditable: root.enabled && !root.isElsewhere

    function write(typed: string) {
        if (typed !== root.value)
            ConfigDocument.setKey(root.service, root.path, typed);
    }

    spacing: Metrics.px(4)

    SectionTitle {
        visible: root.heading !== ""
        width: parent.width
        text: root.heading
    }

    Item {
        width: parent.width
        height: Math.max(Metrics.px(32), field.implicitHeight + Metrics.px(4))

        PlainText {
            id: label

            anchors.left: parent.left
            width: Math.min(Metrics.px(176), root.width * 0.3)
            height: Metrics.px(32)
            text: root.path
            horizontalAlignment: Text.AlignLeft
            color: root.isWritten ? Theme.text : Theme.text2
            Accessible.ignored: true

            HoverHandler {
                id: pointer
            }

            Hint {
                text: root.isElsewhere ? qsTr("It stands in another file; change it there.") : root.doc
                isWanted: pointer.hovered
            }
        }

        Loader {
            id: field

            anchors.left: label.right
            anchors.right: place.left
            anchors.rightMargin: Metrics.px(12)
            y: Metrics.px(2)
            sourceComponent: root.take === ConfigDocument.Flag ? flag : root.take === ConfigDocument.Choice ? choice : root.take === ConfigDocument.Lines || root.take === ConfigDocument.Pairs ? lines : words
        }

        Row {
            id: place

            anchors.right: parent.right
            height: Metrics.px(32)
            width: Math.min(Metrics.px(168), root.width * 0.27)
            spacing: Metrics.px(4)

            PlainText {
                width: parent.width - reset.width - parent.spacing
                height: parent.height
                elide: Text.ElideMiddle
                text: root.origin === "" ? qsTr("default") : root.origin
                font: Metrics.small
                color: Theme.text3
            }

            BaseButton {
                id: reset

                anchors.verticalCenter: parent.verticalCenter
                visible: root.isWritten && root.isEditable
                isSmall: true
                isFlat: true
                glyph: Glyphs.action("close")
                hint: qsTr("Remove %1; the default counts then").arg(root.path)
                onClicked: ConfigDocument.setKey(root.service, root.path, "")
            }
        }
    }

    Component {
        id: flag

        Item {
            implicitHeight: Metrics.control

            BaseSwitch {
                anchors.verticalCenter: parent.verticalCenter
                label: root.path
                hint: root.doc
                enabled: root.isEditable
                checked: root.value === "true"
                onToggled: root.write(checked ? "true" : "false")
            }
        }
    }

    Component {
        id: choice

        Item {
            implicitHeight: Metrics.control

            BaseComboBox {
                label: root.path
                hint: root.doc
                enabled: root.isEditable
                model: root.choices
                currentIndex: root.choices.indexOf(root.value)
                onActivated: at => root.write(root.choices[at])
            }
        }
    }

    Component {
        id: words

        BaseTextField {
            label: root.path
            placeholderText: root.example
            enabled: root.isEditable
            font: root.take === ConfigDocument.Literal ? Metrics.editor : Metrics.body
            text: root.value
            onEditingFinished: root.write(text)
        }
    }

    Component {
        id: lines

        BaseTextArea {
            label: root.path
            placeholderText: root.take === ConfigDocument.Pairs ? qsTr("NAME = value, one on each line") : qsTr("one on each line")
            enabled: root.isEditable
            implicitHeight: Math.max(Metrics.control + Metrics.px(4), contentHeight + topPadding + bottomPadding)
            font: Metrics.editor
            text: root.value
            onActiveFocusChanged: if (!activeFocus)
                root.write(text)
        }
    }
}
