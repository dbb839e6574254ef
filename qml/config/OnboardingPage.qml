pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// There is no service yet: what could be one already, and the lines that would be written.
FocusScope {
    id: root

    property bool isShown: visible
    readonly property bool isWide: width >= Metrics.px(960)

    onIsShownChanged: if (root.isShown)
        Finds.lookIn("")
    Component.onCompleted: if (root.isShown)
        Finds.lookIn("")

    Rectangle {
        anchors.fill: parent
        color: Theme.base
    }

    Flickable {
        id: flick

        width: root.isWide ? Math.round(root.width * 0.52) : root.width
        height: parent.height
        contentHeight: column.implicitHeight + Metrics.px(80)
        boundsBehavior: Flickable.StopAtBounds
        clip: true

        T.ScrollBar.vertical: BaseScrollBar {
        }

        FocusFollower {
            view: flick
        }

        Column {
            id: column

            x: root.isWide ? Metrics.px(48) : Metrics.px(20)
            y: Metrics.px(32)
            width: Math.min(flick.width - 2 * x, Metrics.px(640))
            spacing: Metrics.gap

            PlainText {
                width: parent.width
                text: qsTr("No services yet")
                font: Metrics.emptyTitle
                Accessible.role: Accessible.Heading
            }

            PlainText {
                width: parent.width
                text: finds.count > 0 ? qsTr("These were found in %1 and in your MCP clients. Choose what Ostler keeps running; nothing starts before you have seen the change.").arg(Finds.folder) : qsTr("Nothing that could be a service was found in %1. Name another folder, or add a service by its command.").arg(Finds.folder)
                visible: Finds.isLooked
                color: Theme.text2
                wrapMode: Text.Wrap
            }

            Repeater {
                id: finds

                model: Records {
                    source: "config-finds"
                    isActive: root.isShown
                }

                delegate: FindRow {
                    width: column.width
                }
            }

            Item {
                width: 1
                height: Metrics.gap
            }

            Flow {
                width: parent.width
                spacing: Metrics.px(12)

                BaseButton {
                    isLarge: true
                    isPrimary: true
                    visible: finds.count > 0
                    enabled: Finds.wanted > 0
                    text: Finds.wanted === 1 ? qsTr("Add 1 service…") : qsTr("Add %1 services…").arg(Finds.wanted)
                    hint: qsTr("See the change, then write it")
                    onClicked: {
                        Finds.take();
                        ConfigDocument.openEditor(ConfigDocument.ReviewView, "");
                    }
                }

                BaseCheckBox {
                    height: Metrics.largeControl
                    visible: finds.count > 0
                    text: qsTr("Start them now")
                    hint: qsTr("When off, they are added with enabled = false")
                    checked: Finds.isStartWanted
                    onToggled: Finds.startNow(checked)
                }

                BaseButton {
                    isLarge: true
                    isPrimary: finds.count === 0
                    text: qsTr("Add a service…")
                    onClicked: adding.begin()
                }

                BaseButton {
                    isLarge: true
                    text: qsTr("Edit the file")
                    onClicked: ConfigDocument.openEditor(ConfigDocument.TextView, "")
                }
            }

            Row {
                width: parent.width
                spacing: Metrics.gap

                BaseTextField {
                    id: folder

                    width: Math.min(Metrics.px(280), parent.width - look.width - parent.spacing)
                    label: qsTr("Folder to look in")
                    placeholderText: qsTr("Another folder")
                    font: Metrics.editor
                    Keys.onReturnPressed: Finds.lookIn(folder.text)
                }

                BaseButton {
                    id: look

                    enabled: folder.text !== ""
                    text: qsTr("Look there")
                    hint: enabled ? "" : qsTr("Name a folder first")
                    onClicked: Finds.lookIn(folder.text)
                }
            }
        }
    }

    Rectangle {
        anchors.left: flick.right
        anchors.right: parent.right
        height: parent.height
        visible: root.isWide
        color: Theme.sunken

        Rectangle {
            width: Metrics.lineWidth
            height: parent.height
            color: Theme.line
        }

        SectionTitle {
            id: heading

            x: Metrics.px(24)
            y: Metrics.px(32)
            width: parent.width - 2 * x
            text: qsTr("What will be written")
            more: lines.count === 0 ? "" : qsTr("%1, %2 new lines").arg(ConfigDocument.name).arg(lines.count)
        }

        Rectangle {
            anchors.fill: lines
            anchors.margins: -Metrics.gap
            visible: lines.count > 0
            radius: Metrics.radius
            color: Theme.base
            border.width: Metrics.lineWidth
            border.color: Theme.edge
        }

        ListView {
            id: lines

            x: Metrics.px(32)
            anchors.top: heading.bottom
            anchors.topMargin: Metrics.px(16)
            width: parent.width - 2 * x
            height: Math.min(contentHeight, parent.height - y - Metrics.px(32))
            clip: true
            boundsBehavior: Flickable.StopAtBounds
            model: Records {
                source: "config-find-lines"
                isActive: root.isShown
            }

            Accessible.role: Accessible.List
            Accessible.name: heading.text

            delegate: WrittenLine {
                width: lines.width
            }
        }

        PlainText {
            anchors.top: heading.bottom
            anchors.topMargin: Metrics.gap
            x: Metrics.px(24)
            visible: lines.count === 0
            text: qsTr("Nothing is chosen.")
            color: Theme.text2
        }
    }

    AddServiceDialog {
        id: adding

        onAdded: ConfigDocument.openEditor(ConfigDocument.ReviewView, "")
    }
}
