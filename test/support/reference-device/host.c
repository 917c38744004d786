/*
 * A host for the reference device: requests on standard input, answers on standard output. The key was made before: the
 * folder given holds request.der, and gets ca, chain and cfg with a commit.
 *
 *   host FOLDER [none|button|code]
 */
#include "gatehouse-device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha256.h"

#define ROOM 8192

static struct {
    struct gh_status status;
    uint8_t request[ROOM], object[GH_OBJECTS][ROOM];
    char cn[65];
    const char *folder;
    int puts_off;
} host;

static const char *const names[GH_OBJECTS] = {"ca", "chain", "cfg"};

static FILE *file(const char *name, const char *mode)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", host.folder, name);
    FILE *opened = fopen(path, mode);
    if (opened == NULL) {
        perror(path);
        exit(1);
    }
    return opened;
}

static void send_answer(void *context, const char *bytes, size_t length)
{
    (void)context;
    fwrite(bytes, 1, length, stdout);
    fflush(stdout);
}

static void load(void *context, struct gh_status *status)
{
    (void)context;
    *status = host.status;
}

static enum gh_result set_time(void *context, uint32_t seconds)
{
    (void)context;
    return seconds == 0 ? GH_UNSUPPORTED : GH_OK;
}

static enum gh_result make_key(void *context, const char *job, const char *alg, const char *cn, const char *code)
{
    const struct gh_platform *platform = context;
    struct gh_status *status = &host.status;
    if (strcmp(alg, "p256") != 0)
        return GH_ALG;
    if (status->active && strcmp(platform->lock, "button") == 0)
        return GH_LOCKED;
    if (status->active && strcmp(platform->lock, "code") == 0 && strcmp(code, "1234") != 0)
        return GH_CODE;
    if (!host.puts_off++ && strcmp(cn, "slow") == 0)
        return GH_WAIT;
    FILE *request = file("request.der", "rb");
    status->request_length = (uint32_t)fread(host.request, 1, ROOM, request);
    fclose(request);
    sha256_hex(host.request, status->request_length, status->request_sha);
    memset(status->object, 0, sizeof status->object);
    strcpy(status->job, job);
    status->pending = 1;
    return GH_OK;
}

static size_t read_request(void *context, uint32_t offset, uint8_t *out, size_t room)
{
    (void)context;
    size_t left = host.status.request_length - offset, count = left < room ? left : room;
    memcpy(out, host.request + offset, count);
    return count;
}

static enum gh_result begin(void *context, enum gh_object object, const char *tag, uint32_t length)
{
    (void)context;
    if (length > ROOM)
        return GH_SPACE;
    strcpy(host.status.object[object].tag, tag);
    host.status.object[object].length = length;
    host.status.object[object].stored = 0;
    return GH_OK;
}

static enum gh_result append(void *context, enum gh_object object, const uint8_t *bytes, size_t length)
{
    (void)context;
    memcpy(host.object[object] + host.status.object[object].stored, bytes, length);
    host.status.object[object].stored += (uint32_t)length;
    return GH_OK;
}

/* The value of `name=value` in the configuration. */
static void configured(const char *name, char *out, size_t room)
{
    const char *text = (const char *)host.object[GH_CFG], *end = text + host.status.object[GH_CFG].length;
    out[0] = '\0';
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((line_end == NULL ? end : line_end) - text), prefix = strlen(name);
        if (length > prefix && memcmp(text, name, prefix) == 0 && text[prefix] == '=' && length - prefix <= room) {
            memcpy(out, text + prefix + 1, length - prefix - 1);
            out[length - prefix - 1] = '\0';
        }
        text += length + 1;
    }
}

static enum gh_result commit(void *context, const char *sha)
{
    (void)context;
    uint8_t all[GH_OBJECTS * ROOM];
    size_t length = 0;
    char actual[65];
    for (int i = 0; i < GH_OBJECTS; i++) {
        memcpy(all + length, host.object[i], host.status.object[i].length);
        length += host.status.object[i].length;
    }
    sha256_hex(all, length, actual);
    if (strcmp(sha, actual) != 0)
        return GH_HASH;
    for (int i = 0; i < GH_OBJECTS; i++) {
        FILE *out = file(names[i], "wb");
        fwrite(host.object[i], 1, host.status.object[i].length, out);
        fclose(out);
    }
    configured("cn", host.status.cn, sizeof host.status.cn);
    configured("serial", host.status.serial, sizeof host.status.serial);
    strcpy(host.status.sha, sha);
    host.status.active = 1;
    host.status.pending = 0;
    return GH_OK;
}

static enum gh_result connect_broker(void *context)
{
    (void)context;
    return GH_OK;
}

static enum gh_result reset(void *context)
{
    (void)context;
    host.status.pending = 0;
    return GH_OK;
}

int main(int count, char **arguments)
{
    static struct gh_device device;
    static struct gh_platform platform = {.uid = "ref-0001",
                                          .model = "reference",
                                          .firmware = "1.0",
                                          .alg = "p256",
                                          .lock = "none",
                                          .send = send_answer,
                                          .load = load,
                                          .set_time = set_time,
                                          .make_key = make_key,
                                          .read_request = read_request,
                                          .begin = begin,
                                          .append = append,
                                          .commit = commit,
                                          .connect = connect_broker,
                                          .reset = reset};
    char bytes[4096];
    if (count < 2)
        return 2;
    host.folder = arguments[1];
    if (count > 2)
        platform.lock = arguments[2];
    platform.context = &platform;
    gh_init(&device, &platform);
    for (int c; (c = getchar()) != EOF;) {
        bytes[0] = (char)c;
        gh_receive(&device, bytes, 1);
    }
    return 0;
}
