import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "FormField"
    width: 700
    height: 200
    visible: true
    when: windowShown

    Finder {
        id: finder
    }

    Component {
        id: field

        FormField {
            width: 660
            service: "api"
        }
    }

    function made(more: var): Item {
        const facts = {
            "group": 0,
            "isFirst": false,
            "path": "command",
            "doc": "What is run",
            "take": ConfigDocument.Words,
            "choices": [],
            "value": "node",
            "example": "node",
            "origin": "ostler.toml:3",
            "isWritten": true,
            "isElsewhere": false
        };
        return createTemporaryObject(field, root, Object.assign(facts, more));
    }

    function control(item: Item): Item {
        return finder.below(item).find(part => part.label === item.path) ?? null;
    }

    function init() {
        ConfigDocument.calls = [];
    }

    function test_what_is_typed_is_set_when_it_is_done() {
        const item = root.made({});
        const words = root.control(item);
        words.forceActiveFocus();
        words.selectAll();
        keyClick(Qt.Key_X);
        compare(ConfigDocument.calls.length, 0);
        keyClick(Qt.Key_Return);
        compare(finder.last(ConfigDocument.calls), JSON.stringify(["setKey", "api", "command", "x"]));
    }

    function test_what_was_not_changed_is_not_set() {
        const words = root.control(root.made({}));
        words.forceActiveFocus();
        keyClick(Qt.Key_Return);
        compare(ConfigDocument.calls.length, 0);
    }

    function test_a_flag_is_set_at_once() {
        const item = root.made({
                "path": "oneshot",
                "take": ConfigDocument.Flag,
                "value": "false"
            });
        mouseClick(root.control(item));
        compare(finder.last(ConfigDocument.calls), JSON.stringify(["setKey", "api", "oneshot", "true"]));
    }

    function test_what_is_written_can_be_removed() {
        mouseClick(finder.button(root.made({}), "Remove command; the default counts then"));
        compare(finder.last(ConfigDocument.calls), JSON.stringify(["setKey", "api", "command", ""]));
        compare(finder.button(root.made({
                        "isWritten": false
                    }), "Remove command; the default counts then"), null);
    }

    function test_what_stands_in_another_file_is_off() {
        const item = root.made({
                "isElsewhere": true
            });
        compare(root.control(item).enabled, false);
    }
}
