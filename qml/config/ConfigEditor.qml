import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// The configuration over the whole window: text and form of one document, what is wrong with it, what saving does.
// A modal popup, so that the keys of the window behind it rest.
T.Popup {
    id: root

    property int view: ConfigDocument.TextView
    property string wantedService: ""
    property bool isMistakeWanted: false
    readonly property bool isNarrow: width < Metrics.px(960)
    readonly property bool isDiff: root.view === ConfigDocument.ReviewView || root.view === ConfigDocument.CompareView

    function show(view: int, service: string) {
        root.isMistakeWanted = view === ConfigDocument.MistakeView;
        root.view = root.isMistakeWanted ? ConfigDocument.TextView : view;
        root.wantedService = service;
        root.open();
    }

    // To the first mistake, as soon as the text was checked.
    function showMistake() {
        if (!root.isMistakeWanted || !root.opened || !ConfigDocument.isChecked)
            return;
        root.isMistakeWanted = false;
        if (ConfigDocument.errorCount > 0)
            textPane.goToFirstProblem();
    }

    // Saving shows first what changes, then writes it.
    function save() {
        if (!head.canSave)
            return;
        if (root.view === ConfigDocument.ReviewView)
            ConfigDocument.saveConfigToml(ConfigDocument.text());
        else
            root.view = ConfigDocument.ReviewView;
    }

    function leave() {
        if (textPane.isSearching)
            textPane.endSearch();
        else if (root.isDiff || root.view === ConfigDocument.HistoryView)
            root.view = ConfigDocument.TextView;
        else if (ConfigDocument.isDirty)
            discard.open();
        else
            root.close();
    }

    function goTo(line: int, column: int) {
        root.view = ConfigDocument.TextView;
        textPane.goTo(line, column);
    }

    // From the head to the text to what is beside it and on; in the text Tab writes spaces.
    function goRound(step: int) {
        const parts = [head, body, side];
        let at = 1;
        for (let item = head.Window.activeFocusItem; item; item = item.parent)
            at = parts.indexOf(item) >= 0 ? parts.indexOf(item) : at;
        const part = parts[(at + step + 3) % 3];
        if (part === body && root.view === ConfigDocument.TextView)
            textPane.takeFocus();
        else
            part.nextItemInFocusChain(true).forceActiveFocus(Qt.TabFocusReason);
    }

    parent: T.Overlay.overlay
    width: parent.width
    height: parent.height
    padding: 0
    modal: true
    dim: false
    focus: true
    closePolicy: T.Popup.NoAutoClose

    onOpened: {
        ConfigDocument.loadConfigToml();
        if (root.view === ConfigDocument.TextView)
            textPane.takeFocus();
        root.showMistake();
    }
    onViewChanged: if (root.view === ConfigDocument.TextView)
        textPane.takeFocus()

    background: Rectangle {
        color: Theme.base
    }

    contentItem: FocusScope {
        focus: true

        Accessible.role: Accessible.Dialog
        Accessible.name: qsTr("Configuration editor, %1").arg(ConfigDocument.name)

        EditorKeys {
            isOpened: root.opened
            isText: root.view === ConfigDocument.TextView
            onLeaveWanted: root.leave()
            onSaveWanted: root.save()
            onFindWanted: textPane.find()
            onLineWanted: textPane.askLine()
            onPartWanted: step => root.goRound(step)
            onMatchWanted: isForward => textPane.goToMatch(isForward)
            onProblemWanted: isForward => {
                root.view = ConfigDocument.TextView;
                textPane.goToProblem(isForward);
            }
        }

        EditorHead {
            id: head

            width: parent.width
            view: root.view
            canUndo: textPane.canUndo
            canRedo: textPane.canRedo
            onViewWanted: view => root.view = view
            onUndoWanted: textPane.undo()
            onRedoWanted: textPane.redo()
            onFindWanted: {
                root.view = ConfigDocument.TextView;
                textPane.find();
            }
            onCancelWanted: root.leave()
            onSaveWanted: root.save()
        }

        EditorBanner {
            id: banner

            anchors.top: head.bottom
            width: parent.width
            onCompareWanted: root.view = ConfigDocument.CompareView
        }

        Item {
            id: body

            anchors.left: parent.left
            anchors.right: side.left
            anchors.top: banner.bottom
            anchors.bottom: root.isNarrow ? side.top : parent.bottom

            TextPane {
                id: textPane

                anchors.fill: parent
                visible: root.view === ConfigDocument.TextView
                isShown: root.opened && visible
            }

            DiffPane {
                anchors.fill: parent
                visible: root.isDiff
                isShown: root.opened && visible
                subject: root.view === ConfigDocument.CompareView ? "disk" : "mine"
                title: root.view === ConfigDocument.CompareView ? qsTr("From the file on disk to your text") : qsTr("What will be written")
            }

            HistoryPane {
                anchors.fill: parent
                visible: root.view === ConfigDocument.HistoryView
                isShown: root.opened && visible
                onRestored: root.view = ConfigDocument.ReviewView
            }

            FormPane {
                anchors.fill: parent
                visible: root.view === ConfigDocument.FormView
                isShown: root.opened && visible
                wantedService: root.wantedService
            }
        }

        EditorSide {
            id: side

            anchors.right: parent.right
            anchors.bottom: parent.bottom
            width: root.isNarrow ? parent.width : Metrics.px(368)
            height: root.isNarrow ? Math.round(parent.height * 0.4) : parent.height - head.height - banner.height
            isBelow: root.isNarrow
            isShown: root.opened
            isReview: root.view === ConfigDocument.ReviewView
            onPlaceWanted: (line, column) => root.goTo(line, column)
            onReviewWanted: root.view = root.view === ConfigDocument.ReviewView ? ConfigDocument.TextView : ConfigDocument.ReviewView
        }

        states: State {
            when: root.isNarrow

            AnchorChanges {
                target: body
                anchors.right: body.parent.right
            }
        }
    }

    Connections {
        target: ConfigDocument

        function onRevisionChanged() {
            root.showMistake();
        }

        function onSaved() {
            if (root.view === ConfigDocument.ReviewView)
                root.view = ConfigDocument.TextView;
        }
    }

    DiscardChangesDialog {
        id: discard

        onDiscarded: {
            ConfigDocument.discard();
            root.close();
        }
    }
}
