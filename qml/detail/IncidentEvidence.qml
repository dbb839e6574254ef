pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// Everything that was known when a run crashed.
FocusScope {
    id: root

    property string incident: ""
    property bool isShown: false
    property real inset: Metrics.px(20)

    Records {
        id: evidence

        source: "evidence"
        subject: root.incident
        isActive: root.isShown
    }

    PlainText {
        x: root.inset
        y: root.inset
        width: parent.width - 2 * x
        visible: evidence.progress === Records.Failed
        text: evidence.trouble
        color: Theme.fail
        wrapMode: Text.Wrap
    }

    component Quiet: PlainText {
        width: parent ? parent.width : 0
        color: Theme.text2
        wrapMode: Text.Wrap
    }

    Flickable {
        id: page

        anchors.fill: parent
        contentHeight: parts.implicitHeight + 2 * root.inset
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        T.ScrollBar.vertical: BaseScrollBar {
        }

        FocusFollower {
            view: page
        }

        Column {
            id: parts

            x: root.inset
            y: root.inset - Metrics.px(4)
            width: page.width - 2 * root.inset

            Repeater {
                model: evidence
                delegate: Column {
                    id: it

                    required property string title
                    required property string hint
                    required property list<string> labels
                    required property list<string> facts
                    required property string changesTitle
                    required property list<string> changes
                    required property list<string> lines
                    required property list<real> cpu
                    required property list<real> memory
                    required property string usage
                    required property list<string> origins
                    required property list<string> variables
                    required property string text

                    width: parts.width
                    spacing: Metrics.px(20)

                    Column {
                        width: parent.width
                        spacing: Metrics.px(4)

                        Item {
                            width: parent.width
                            height: Metrics.control

                            PlainText {
                                anchors.left: parent.left
                                anchors.verticalCenter: parent.verticalCenter
                                width: parent.width - copy.width - Metrics.gap
                                text: it.title
                                font: Metrics.headline
                                Accessible.role: Accessible.Heading
                                Accessible.name: text
                            }

                            BaseButton {
                                id: copy

                                anchors.right: parent.right
                                glyph: Glyphs.action("copy")
                                text: qsTr("Copy as text")
                                onClicked: clipboard.copyText(it.text)
                            }
                        }

                        FactList {
                            width: parent.width
                            labels: it.labels
                            facts: it.facts
                        }

                        Quiet {
                            visible: text !== ""
                            topPadding: Metrics.px(4)
                            text: it.hint
                            color: Theme.text
                        }
                    }

                    Column {
                        width: parent.width

                        SectionTitle {
                            width: parent.width
                            text: qsTr("Its last lines")
                        }

                        Quiet {
                            visible: it.lines.length === 0
                            text: qsTr("It wrote nothing.")
                        }

                        Rectangle {
                            width: parent.width
                            height: output.implicitHeight + Metrics.inset
                            visible: it.lines.length > 0
                            color: Theme.sunken

                            // Output is foreign text, read and copied as it is.
                            TextEdit {
                                id: output

                                LayoutMirroring.enabled: false
                                x: Metrics.gap
                                y: Metrics.gap
                                width: parent.width - 2 * x
                                text: it.lines.join("\n")
                                textFormat: TextEdit.PlainText
                                horizontalAlignment: TextEdit.AlignLeft
                                wrapMode: TextEdit.WrapAtWordBoundaryOrAnywhere
                                readOnly: true
                                selectByMouse: true
                                activeFocusOnTab: true
                                font: Metrics.mono
                                color: Theme.text
                                selectionColor: Theme.accentFill
                                selectedTextColor: Theme.accentInk
                                Accessible.role: Accessible.EditableText
                                Accessible.readOnly: true
                                Accessible.name: qsTr("Its last lines")
                            }

                            FocusRing {
                                visible: output.activeFocus
                                isInside: true
                            }
                        }
                    }

                    Column {
                        width: parent.width
                        visible: it.usage !== ""
                        spacing: Metrics.px(4)

                        SectionTitle {
                            width: parent.width
                            text: qsTr("CPU and memory before")
                        }

                        Row {
                            visible: it.memory.length > 1
                            spacing: Metrics.px(24)

                            Sparkline {
                                width: Metrics.px(200)
                                height: Metrics.px(40)
                                values: it.cpu
                                color: Theme.text3
                                Accessible.ignored: true
                                floor: 10
                            }

                            Sparkline {
                                width: Metrics.px(200)
                                height: Metrics.px(40)
                                values: it.memory
                                color: Theme.text3
                                Accessible.ignored: true
                                headroom: 1.25
                            }
                        }

                        Quiet {
                            text: it.usage
                        }
                    }

                    Column {
                        width: parent.width

                        SectionTitle {
                            width: parent.width
                            text: it.changesTitle
                        }

                        Quiet {
                            text: it.changes.length === 0 ? qsTr("Nothing in its configuration.") : it.changes.join("\n")
                        }
                    }

                    Column {
                        width: parent.width

                        SectionTitle {
                            width: parent.width
                            text: qsTr("Variables it was launched with")
                            more: qsTr("values are not kept")
                        }

                        Quiet {
                            visible: it.origins.length === 0
                            text: qsTr("Not known.")
                        }

                        FactList {
                            width: parent.width
                            labels: it.origins
                            facts: it.variables
                        }
                    }
                }
            }
        }
    }

    TextEdit {
        id: clipboard

        function copyText(text: string) {
            clipboard.text = text;
            clipboard.selectAll();
            clipboard.copy();
            clipboard.text = "";
        }

        visible: false
        textFormat: TextEdit.PlainText
        Accessible.ignored: true
    }
}
