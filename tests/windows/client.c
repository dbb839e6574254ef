/* A client of the control pipe in plain Win32 calls, independent of Ostler's own code.
 *
 *     client FILE LINE...
 *
 * FILE is what `ostler socket` prints: it holds the random part of the pipe's name, `\\.\pipe\ostler-SID-RANDOM`. Each
 * LINE is sent with a line feed; its answer is read and printed: one line where the request is JSON, the lines up to the
 * empty one where it is words. Exit code 0 when every line was answered.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>

#define RANDOM_LENGTH 32
#define TRIES 500

static int fail(const char *what) {
    fprintf(stderr, "client: %s: error %lu\n", what, GetLastError());
    return 1;
}

/* The security identifier of this user, as text. */
static char *own_sid(void) {
    HANDLE token;
    static unsigned char buffer[256];
    DWORD length;
    char *text;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return NULL;
    if (!GetTokenInformation(token, TokenUser, buffer, sizeof buffer, &length)) return NULL;
    CloseHandle(token);
    if (!ConvertSidToStringSidA(((TOKEN_USER *)buffer)->User.Sid, &text)) return NULL;
    return text;
}

static int random_part(const char *path, char *text) {
    DWORD read;
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    HANDLE file = CreateFileA(path, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return 0;
    if (!ReadFile(file, text, RANDOM_LENGTH, &read, NULL)) read = 0;
    CloseHandle(file);
    text[read] = 0;
    return read == RANDOM_LENGTH;
}

static HANDLE open_pipe(const char *name) {
    DWORD flags = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
    for (int tries = 0; tries < TRIES; tries++) {
        HANDLE pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY) return pipe;
        WaitNamedPipeA(name, 20);
    }
    return INVALID_HANDLE_VALUE;
}

static int send_line(HANDLE pipe, const char *line) {
    DWORD written, length = (DWORD)strlen(line);
    return WriteFile(pipe, line, length, &written, NULL) && written == length
        && WriteFile(pipe, "\n", 1, &written, NULL) && written == 1;
}

/* Prints what comes, up to the end of the answer. */
static int print_answer(HANDLE pipe, int is_json) {
    char byte, before = '\n';
    DWORD read;
    for (;;) {
        if (!ReadFile(pipe, &byte, 1, &read, NULL) || read == 0) return 0;
        putchar(byte);
        if (byte == '\n' && (is_json || before == '\n')) return 1;
        before = byte;
    }
}

int main(int count, char **words) {
    char random[RANDOM_LENGTH + 1], name[400], *sid;
    HANDLE pipe;
    if (count < 3) {
        fprintf(stderr, "usage: client FILE LINE...\n");
        return 64;
    }
    if (!(sid = own_sid())) return fail("who am I");
    if (!random_part(words[1], random)) return fail("cannot read the file");
    snprintf(name, sizeof name, "\\\\.\\pipe\\ostler-%s-%s", sid, random);
    if ((pipe = open_pipe(name)) == INVALID_HANDLE_VALUE) return fail("cannot open the pipe");
    for (int at = 2; at < count; at++) {
        if (!send_line(pipe, words[at])) return fail("cannot send");
        if (!print_answer(pipe, words[at][0] == '{' || words[at][0] == '"')) return fail("no answer");
    }
    CloseHandle(pipe);
    return 0;
}
