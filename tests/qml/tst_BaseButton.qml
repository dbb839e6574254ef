import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "BaseButton"
    width: 200
    height: 100
    visible: true
    when: windowShown

    BaseButton {
        id: button

        text: "Restart"
        hint: "Stops and starts it"
    }

    SignalSpy {
        id: clicks

        target: button
        signalName: "clicked"
    }

    function init() {
        clicks.clear();
        button.enabled = true;
        button.forceActiveFocus(Qt.TabFocusReason);
    }

    function test_keys_data() {
        return [
            {
                "tag": "Space",
                "key": Qt.Key_Space
            },
            {
                "tag": "Return",
                "key": Qt.Key_Return
            },
            {
                "tag": "Enter",
                "key": Qt.Key_Enter
            }
        ];
    }

    function test_keys(data) {
        keyClick(data.key);
        compare(clicks.count, 1);
    }

    function test_mouse() {
        mouseClick(button);
        compare(clicks.count, 1);
    }

    function test_press_of_a_screen_reader() {
        button.Accessible.pressAction();
        compare(clicks.count, 1);
        button.enabled = false;
        button.Accessible.pressAction();
        compare(clicks.count, 1);
    }

    function test_off_means_off() {
        button.enabled = false;
        mouseClick(button);
        compare(clicks.count, 0);
    }

    function test_what_readers_are_told() {
        compare(button.Accessible.name, "Restart");
        compare(button.Accessible.description, "Stops and starts it");
        verify(button.width >= 24 && button.height >= 24);
    }
}
