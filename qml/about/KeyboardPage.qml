pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Every key, from the registry of actions.
MenuPage {
    id: root

    title: qsTr("Keyboard")
    sentence: qsTr("Everything can be reached by keys. Ctrl K finds what has none.")
    columnWidth: Metrics.px(640)

    Records {
        id: list

        source: "keyboard"
        isActive: root.visible
    }

    Repeater {
        model: list
        delegate: Item {
            id: line

            required property int index
            required property int section
            required property string text
            required property list<string> keys
            readonly property bool isFirst: line.index === 0 || Number(list.value(line.index - 1, "section")) !== line.section

            width: parent ? parent.width : 0
            implicitHeight: Metrics.px(32) + (line.isFirst ? heading.height : 0)
            Accessible.role: Accessible.ListItem
            Accessible.name: line.text + ": " + line.keys.join(", ")

            SectionTitle {
                id: heading

                width: parent.width
                height: Metrics.px(40)
                visible: line.isFirst
                text: [qsTr("Services"), qsTr("Lists"), qsTr("Pages"), qsTr("App")][line.section]
            }

            PlainText {
                anchors.bottom: parent.bottom
                width: parent.width * 0.6
                height: Metrics.px(32)
                text: line.text
                Accessible.ignored: true
            }

            Row {
                x: parent.width * 0.6
                anchors.bottom: parent.bottom
                height: Metrics.px(32)
                spacing: Metrics.px(6)

                Repeater {
                    model: line.keys
                    delegate: KeyCap {
                        required property string modelData

                        anchors.verticalCenter: parent ? parent.verticalCenter : undefined
                        text: modelData
                    }
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
