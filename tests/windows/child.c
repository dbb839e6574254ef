/* A service for the tests, in plain Win32 calls.
 *
 *     child wait TEXT          prints TEXT and stays
 *     child say TEXT           prints TEXT and ends
 *     child fail TEXT          prints TEXT as an error and ends with code 3
 *     child polite TEXT        prints TEXT and stays; ends with code 7 when it is asked by Ctrl-Break
 *     child window TEXT        prints TEXT and stays; ends with code 8 when its window is asked to close
 *     child reader TEXT        prints TEXT and stays; ends with code 9 at the end of its input
 *     child deaf TEXT          prints TEXT and stays; says how it was asked to end, and never does
 *     child -c 'echo TEXT; …'  prints TEXT and stays, as a shell would
 *     child echo               says that it listens, then prints what is typed, until its end
 *     child tree DEPTH WIDTH   starts WIDTH of its kind, each with a tree one level lower, and stays
 *     child count NUMBER       prints so many lines, each by itself, and ends
 *     child set HANDLE         sets the event that this is the number of, if it has such a handle, and ends
 *     child arguments WORD...  prints each WORD on a line of its own, and ends
 *
 * Under the name of echo.exe it prints its arguments, as that would where there is one.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static BOOL WINAPI pass_over(DWORD event) {
    (void)event;
    return TRUE;
}

static int is_deaf;

/* Says how it was asked to end, and does so unless it is deaf. */
static void hear(const char *how, int code) {
    printf("%s\n", how);
    fflush(stdout);
    if (!is_deaf) ExitProcess(code);
}

static BOOL WINAPI hear_break(DWORD event) {
    if (event == CTRL_BREAK_EVENT) hear("asked by Ctrl-Break", 7);
    return TRUE;
}

static DWORD WINAPI read_all(void *unused) {
    while (getchar() != EOF) {}
    hear("end of input", 9);
    return unused != NULL;
}

static LRESULT CALLBACK answer(HWND window, UINT message, WPARAM first, LPARAM second) {
    if (message != WM_CLOSE) return DefWindowProcA(window, message, first, second);
    hear("asked to close", 8);
    return 0;
}

/* A window that nobody sees. */
static void open_window(void) {
    WNDCLASSA class = {.lpfnWndProc = answer, .lpszClassName = "child"};
    RegisterClassA(&class);
    if (!CreateWindowA("child", "child", WS_OVERLAPPED, 0, 0, 1, 1, NULL, NULL, NULL, NULL)) exit(1);
}

static int listen(const char *mode, const char *text) {
    MSG message;
    int is_window = !strcmp(mode, "window"), is_reader = !strcmp(mode, "reader");
    is_deaf = !strcmp(mode, "deaf");
    SetConsoleCtrlHandler(is_window || is_reader ? pass_over : hear_break, TRUE);
    if (is_window || is_deaf) open_window();
    if (is_reader || is_deaf) CreateThread(NULL, 0, read_all, NULL, 0, NULL);
    printf("%s\n", text);
    fflush(stdout);
    while (GetMessageA(&message, NULL, 0, 0) > 0) DispatchMessageA(&message);
    return 1;
}

static void grow(int depth, int width) {
    char self[MAX_PATH], line[MAX_PATH + 64];
    GetModuleFileNameA(NULL, self, sizeof self);
    snprintf(line, sizeof line, "\"%s\" tree %d %d", self, depth - 1, width);
    for (int at = 0; at < width; at++) {
        STARTUPINFOA startup = {.cb = sizeof startup};
        PROCESS_INFORMATION child;
        /* Every other one in a group of its own and without our console. */
        DWORD flags = at % 2 ? DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP : 0;
        /* Wine refuses one in a while (error 1359). */
        for (int tries = 1; !CreateProcessA(NULL, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &child); tries++) {
            if (tries == 20) {
                fprintf(stderr, "no process: error %lu\n", GetLastError());
                exit(1);
            }
            Sleep(50);
        }
        CloseHandle(child.hThread);
        CloseHandle(child.hProcess);
    }
}

static int is_echo(void) {
    char self[MAX_PATH];
    const char *name;
    GetModuleFileNameA(NULL, self, sizeof self);
    name = strrchr(self, '\\');
    return name && !_stricmp(name + 1, "echo.exe");
}

static int say(FILE *stream, char **words, int count, char between) {
    for (int at = 0; at < count; at++) fprintf(stream, "%s%c", words[at], at + 1 < count ? between : '\n');
    return 0;
}

int main(int count, char **words) {
    const char *mode = count > 1 ? words[1] : "wait";
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    if (is_echo()) return say(stdout, words + 1, count - 1, ' ');
    if (!strcmp(mode, "count")) {
        for (int at = 1; count > 2 && at <= atoi(words[2]); at++) {
            printf("line %d\n", at);
            fflush(stdout);
        }
        return 0;
    }
    if (!strcmp(mode, "arguments")) return say(stdout, words + 2, count - 2, '\n');
    if (!strcmp(mode, "set") && count > 2) return !SetEvent((HANDLE)(ULONG_PTR)strtoull(words[2], NULL, 10));
    if (!strcmp(mode, "fail")) return say(stderr, words + 2, count - 2, ' '), 3;
    if (!strcmp(mode, "echo")) {
        int byte;
        printf("listening\n");
        fflush(stdout);
        while ((byte = getchar()) != EOF) {
            putchar(byte);
            if (byte == '\n') fflush(stdout);
        }
        printf("end of input\n");
        return 0;
    }
    if (count > 2 && strstr(" polite window reader deaf ", mode)) return listen(mode, words[2]);
    if (!strcmp(mode, "tree")) {
        int depth = count > 2 ? atoi(words[2]) : 1;
        if (depth > 0) grow(depth, count > 3 ? atoi(words[3]) : 2);
    } else if (!strcmp(mode, "-c") && count > 2) {
        const char *text = words[2] + strlen("echo ");
        printf("%.*s\n", (int)strcspn(text, ";"), text);
        fflush(stdout);
    } else if (count > 2) {
        printf("%s\n", words[2]);
        fflush(stdout);
    }
    if (strcmp(mode, "say")) Sleep(INFINITE);
    return 0;
}
