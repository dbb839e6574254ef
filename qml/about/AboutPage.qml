pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Versions and places.
MenuPage {
    id: root

    signal copyWanted(string text)
    signal diagnosticsWanted
    signal doctorWanted

    readonly property list<string> labels: [qsTr("Ostler"), qsTr("Engine"), qsTr("Program"), qsTr("Configuration"), qsTr("State"), qsTr("Logs"), qsTr("Control socket")]

    title: qsTr("About Ostler")
    sentence: qsTr("Local services, started, watched and restarted. MIT or Apache-2.0.")

    Records {
        id: facts

        source: "about"
        isActive: root.visible
    }

    Repeater {
        model: facts
        delegate: Item {
            id: fact

            required property int kind
            required property string value
            required property bool isPath

            width: parent ? parent.width : 0
            implicitHeight: Metrics.rowHeight
            Accessible.role: Accessible.ListItem
            Accessible.name: root.labels[fact.kind] + ": " + fact.value

            PlainText {
                width: Metrics.px(128)
                height: parent.height
                text: root.labels[fact.kind]
                color: Theme.text2
                Accessible.ignored: true
            }

            PlainText {
                x: Metrics.px(136)
                width: parent.width - x - Metrics.px(32)
                height: parent.height
                text: fact.value
                font: fact.isPath ? Metrics.mono : Metrics.body
                elide: Text.ElideMiddle
                Accessible.ignored: true
            }

            BaseButton {
                anchors.right: parent.right
                anchors.verticalCenter: parent.verticalCenter
                isSmall: true
                isFlat: true
                glyph: Glyphs.action("copy")
                hint: qsTr("Copy %1").arg(root.labels[fact.kind])
                onClicked: root.copyWanted(fact.value)
            }

            Rectangle {
                anchors.bottom: parent.bottom
                width: parent.width
                height: Metrics.lineWidth
                color: Theme.line
            }
        }
    }

    Row {
        topPadding: Metrics.px(12)
        spacing: Metrics.gap

        BaseButton {
            text: qsTr("Doctor")
            hint: qsTr("Let the engine examine itself and this machine")
            onClicked: root.doctorWanted()
        }

        BaseButton {
            text: qsTr("Save diagnostics…")
            hint: qsTr("Pack what helps others to help you, without secrets")
            onClicked: root.diagnosticsWanted()
        }
    }
}
