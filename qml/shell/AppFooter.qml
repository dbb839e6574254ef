import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// The link to the engine, the events, the configuration file.
Rectangle {
    id: root

    function takeFocus() {
        config.forceActiveFocus(Qt.TabFocusReason);
    }

    implicitHeight: Metrics.footerHeight
    color: Theme.chrome

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.px(8)
        spacing: Metrics.gap

        Glyph {
            source: Glyphs.ofLink(App.link)
            color: Theme.links[App.link]
        }

        PlainText {
            text: App.isEnding ? qsTr("Quitting: the engine ends first") : App.linkText === "" ? qsTr("Connecting to the engine") : App.linkText
            font: Metrics.small
            color: Theme.text2
        }

        Rectangle {
            Layout.leftMargin: Metrics.px(4)
            Layout.rightMargin: Metrics.px(4)
            Layout.preferredWidth: Metrics.lineWidth
            Layout.preferredHeight: Metrics.px(18)
            color: Theme.line
        }

        Item {
            id: events

            implicitWidth: words.implicitWidth
            implicitHeight: words.implicitHeight
            activeFocusOnTab: true

            Accessible.role: Accessible.Button
            Accessible.name: qsTr("Events:") + " " + eventsWord.text
            Accessible.description: Actions.keys(Actions.EventsPage)
            Accessible.onPressAction: Actions.run(Actions.EventsPage, "")

            Keys.onReturnPressed: Actions.run(Actions.EventsPage, "")
            Keys.onSpacePressed: Actions.run(Actions.EventsPage, "")

            Row {
                id: words

                spacing: Metrics.gap

                PlainText {
                    text: qsTr("Events:")
                    font: Metrics.small
                    color: Theme.text2
                    Accessible.ignored: true
                }

                Glyph {
                    readonly property bool isActive: Supervisor.eventBroadcastEnabled && Supervisor.eventSubscriberCount > 0

                    anchors.verticalCenter: parent.verticalCenter
                    source: Glyphs.named(isActive ? "state-running" : "state-idle")
                    color: isActive ? Theme.ok : Theme.idle
                }

                PlainText {
                    id: eventsWord

                    text: Words.ofEvents(Supervisor.eventBroadcastEnabled, Supervisor.eventSubscriberCount)
                    font: Metrics.small
                    color: Theme.text2
                    Accessible.ignored: true
                }
            }

            FocusRing {
                visible: events.activeFocus
            }

            TapHandler {
                onTapped: Actions.run(Actions.EventsPage, "")
            }
        }

        PlainText {
            Layout.fillWidth: true
            horizontalAlignment: Text.AlignRight
            elide: Text.ElideMiddle
            text: root.width < Metrics.px(760) ? "" : Supervisor.configPath
            font: Metrics.small
            color: Theme.text3
        }

        BaseButton {
            id: config

            isSmall: true
            enabled: Supervisor.configPath !== ""
            glyph: Glyphs.action("edit")
            text: qsTr("Edit Config")
            hint: qsTr("Edit the configuration (Ctrl+E)")
            onClicked: Actions.run(Actions.EditConfig, "")
        }
    }

    Rectangle {
        anchors.top: parent.top
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
