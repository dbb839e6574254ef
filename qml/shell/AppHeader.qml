import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// What matters most, where one is, the mode, the menu.
Rectangle {
    id: root

    readonly property bool isNarrow: root.width < Metrics.px(960)

    // The page that is shown, an action of the registry.
    property int page: Actions.ServicesPage
    readonly property bool isTight: root.width < Metrics.px(1180)

    signal problemWanted
    signal paletteWanted
    signal menuWanted(Item anchor)
    signal modeMenuWanted(Item anchor)

    function takeFocus() {
        search.forceActiveFocus(Qt.TabFocusReason);
    }

    component PageTab: TabButton {
        required property int actionId

        text: Actions.text(actionId, "")
        keys: Actions.keys(actionId)
        isCurrent: root.page === actionId
        onClicked: Actions.run(actionId, "")
    }

    implicitHeight: root.isNarrow ? Metrics.px(48) : Metrics.headerHeight
    color: Theme.chrome

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: root.isNarrow ? Metrics.px(12) : Metrics.inset
        anchors.rightMargin: Metrics.px(12)
        spacing: Metrics.px(12)

        Item {
            id: headline

            Layout.preferredWidth: Metrics.px(284)
            Layout.fillWidth: root.isNarrow
            Layout.fillHeight: true
            activeFocusOnTab: Supervisor.firstProblem !== ""

            Accessible.role: Supervisor.firstProblem !== "" ? Accessible.Button : Accessible.StaticText
            Accessible.name: Supervisor.summary === "" ? Supervisor.title : Supervisor.title + ", " + Supervisor.summary
            Accessible.onPressAction: root.problemWanted()

            Keys.onReturnPressed: root.problemWanted()
            Keys.onSpacePressed: root.problemWanted()

            Glyph {
                id: shoe

                anchors.left: parent.left
                anchors.verticalCenter: parent.verticalCenter
                size: Metrics.px(24)
                source: Glyphs.ofMood(Supervisor.mood)
                color: Theme.moods[Supervisor.mood]
            }

            Grid {
                anchors.verticalCenter: parent.verticalCenter
                anchors.left: shoe.right
                anchors.leftMargin: Metrics.px(12)
                anchors.right: parent.right
                columns: root.isNarrow ? 2 : 1
                columnSpacing: Metrics.gap
                verticalItemAlignment: Grid.AlignVCenter

                PlainText {
                    width: Math.min(implicitWidth, parent.width)
                    text: Supervisor.title === "" ? qsTr("Reading the state…") : Supervisor.title
                    font: Metrics.headline
                    Accessible.ignored: true
                }

                PlainText {
                    width: Math.min(implicitWidth, parent.width)
                    visible: text !== ""
                    text: Supervisor.summary
                    font: Metrics.small
                    color: Theme.text2
                    Accessible.ignored: true
                }
            }

            FocusRing {
                visible: headline.activeFocus
            }

            TapHandler {
                enabled: Supervisor.firstProblem !== ""
                onTapped: root.problemWanted()
            }
        }

        TabStrip {
            Layout.fillHeight: true
            visible: !root.isNarrow
            label: qsTr("Pages")

            PageTab {
                actionId: Actions.ServicesPage
            }

            PageTab {
                actionId: Actions.EventsPage
            }

            PageTab {
                actionId: Actions.ConnectionsPage
            }
        }

        Item {
            Layout.fillWidth: !root.isNarrow
        }

        BaseButton {
            id: search

            Layout.preferredWidth: root.isTight ? Metrics.control : Metrics.px(196)
            isLeading: !root.isTight
            glyph: Glyphs.action("search")
            glyphColor: Theme.text2
            hint: root.isTight ? qsTr("Search or run") : ""
            Accessible.name: qsTr("Search or run")
            Accessible.description: Actions.keys(Actions.Palette)
            onClicked: root.paletteWanted()

            PlainText {
                anchors.left: parent.left
                anchors.leftMargin: Metrics.px(34)
                anchors.verticalCenter: parent.verticalCenter
                visible: !root.isTight
                text: qsTr("Search or run")
                color: Theme.text3
                Accessible.ignored: true
            }

            KeyCap {
                anchors.right: parent.right
                anchors.rightMargin: Metrics.px(6)
                anchors.verticalCenter: parent.verticalCenter
                visible: !root.isTight
                text: Actions.keys(Actions.Palette)
            }
        }

        BaseButton {
            visible: Supervisor.modes.length > 1
            opensMenu: true
            text: qsTr("Mode %1").arg(Supervisor.mode)
            hint: qsTr("Change the mode")
            onClicked: root.modeMenuWanted(this)
        }

        BaseButton {
            isFlat: true
            opensMenu: true
            glyph: Glyphs.action("menu")
            hint: qsTr("Menu")
            onClicked: root.menuWanted(this)
        }
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
