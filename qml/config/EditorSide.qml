pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import dev.ostler.app

// What is wrong, and what saving does.
Rectangle {
    id: root

    property bool isBelow: false
    property bool isShown: false
    property bool isReview: false

    signal placeWanted(line: int, column: int)
    signal reviewWanted

    function planWord(): string {
        if (!ConfigDocument.hasEngine)
            return qsTr("No engine runs. The file is written, and the next start follows it.");
        if (!ConfigDocument.hasPlan)
            return ConfigDocument.errorCount > 0 ? qsTr("Waiting for the problems above.") : "";
        if (!ConfigDocument.isPlanCurrent)
            return qsTr("Waiting for the problems above. This is the plan of the last valid text, %1.").arg(ConfigDocument.planTime);
        return ConfigDocument.isDirty ? "" : qsTr("Nothing: the text is that of the file.");
    }

    color: Theme.sunken

    Flickable {
        id: scroll

        anchors.left: parent.left
        anchors.right: parent.right
        anchors.top: parent.top
        anchors.bottom: foot.top
        contentHeight: pile.implicitHeight + Metrics.px(32)
        boundsBehavior: Flickable.StopAtBounds
        clip: true

        T.ScrollBar.vertical: BaseScrollBar {
        }

        FocusFollower {
            view: scroll
        }

        Column {
            id: pile

            x: Metrics.inset
            y: Metrics.inset
            width: parent.width - 2 * Metrics.inset
            spacing: Metrics.gap

            SectionTitle {
                width: parent.width
                text: qsTr("Problems")
                more: problems.count === 0 ? "" : problems.count
            }

            PlainText {
                width: parent.width
                visible: problems.count === 0
                text: !ConfigDocument.isLoaded ? qsTr("The file has not been read.") : ConfigDocument.isChecked ? qsTr("None. This text can be saved.") : qsTr("Checking…")
                font: Metrics.small
                color: Theme.text2
                wrapMode: Text.Wrap
            }

            Repeater {
                id: problems

                model: Records {
                    source: "config-problems"
                    isActive: root.isShown
                }

                delegate: ProblemCard {
                    id: card

                    width: pile.width
                    onPlaceWanted: root.placeWanted(card.line, card.column)
                }
            }

            Item {
                width: 1
                height: Metrics.gap
            }

            SectionTitle {
                width: parent.width
                text: qsTr("What saving will do")
            }

            PlainText {
                width: parent.width
                visible: text !== ""
                text: root.planWord()
                font: Metrics.small
                color: Theme.text2
                wrapMode: Text.Wrap
            }

            Repeater {
                model: Records {
                    source: "config-plan"
                    isActive: root.isShown && ConfigDocument.hasEngine
                }

                delegate: EffectRow {
                    width: pile.width
                }
            }
        }
    }

    Rectangle {
        id: foot

        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.px(52)
        color: root.color

        RowLayout {
            anchors.fill: parent
            anchors.leftMargin: Metrics.inset
            anchors.rightMargin: Metrics.inset
            spacing: Metrics.gap

            BaseButton {
                enabled: ConfigDocument.isDirty
                text: root.isReview ? qsTr("Show text") : qsTr("Show diff")
                onClicked: root.reviewWanted()
            }

            PlainText {
                visible: ConfigDocument.isDirty
                //: Added and removed lines
                text: qsTr("+%1 −%2").arg(ConfigDocument.addedCount).arg(ConfigDocument.removedCount)
                font: Metrics.small
                color: Theme.text2
                Accessible.name: qsTr("Lines added: %1, removed: %2").arg(ConfigDocument.addedCount).arg(ConfigDocument.removedCount)
            }

            PlainText {
                Layout.fillWidth: true
                horizontalAlignment: Text.AlignRight
                text: ConfigDocument.errorCount === 0 ? "" : ConfigDocument.errorCount === 1 ? qsTr("Save is off: 1 problem.") : qsTr("Save is off: %1 problems.").arg(ConfigDocument.errorCount)
                font: Metrics.small
                color: Theme.text2
            }
        }

        Rectangle {
            width: parent.width
            height: Metrics.lineWidth
            color: Theme.line
        }
    }

    Rectangle {
        width: root.isBelow ? parent.width : Metrics.lineWidth
        height: root.isBelow ? Metrics.lineWidth : parent.height
        color: Theme.line
    }
}
