/* See gatehouse-device.h. Licence: Apache-2.0. */
#include "gatehouse-device.h"

#include <string.h>

#define MEMBERS 16
#define START "@GH{"
#define START_LENGTH 4
#define TAIL 5 /* '*' and the CRC */

/* One member of a request; the text lies in the line itself and is not terminated. */
struct member {
    const char *name, *text;
    size_t name_length, length;
    uint32_t number;
    int is_number;
};

struct request {
    struct member member[MEMBERS];
    size_t count;
};

uint16_t gh_crc16(const char *bytes, size_t length)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= (uint16_t)((uint16_t)(unsigned char)bytes[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)((crc & 0x8000u) ? (uint16_t)(crc << 1) ^ 0x1021u : (uint16_t)(crc << 1));
    }
    return crc;
}

static void crc_digits(char out[4], uint16_t crc)
{
    for (int i = 0; i < 4; i++)
        out[i] = "0123456789ABCDEF"[(crc >> (12 - 4 * i)) & 15];
}

/* --- reading: a flat JSON object, without escapes and without white space ------------------------------------------ */

static int is_text(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '{';
}

/* Reads `"name":` at `at`; the position behind it, or 0. */
static size_t read_name(const char *s, size_t length, size_t at, struct member *out)
{
    if (at >= length || s[at++] != '"')
        return 0;
    out->name = s + at;
    while (at < length && s[at] >= 'a' && s[at] <= 'z')
        at++;
    out->name_length = (size_t)(s + at - out->name);
    if (out->name_length < 1 || out->name_length > 8 || at + 2 > length || s[at] != '"' || s[at + 1] != ':')
        return 0;
    return at + 2;
}

static size_t read_number(const char *s, size_t length, size_t at, struct member *out)
{
    uint64_t number = 0;
    size_t first = at;
    while (at < length && at - first < 10 && s[at] >= '0' && s[at] <= '9')
        number = number * 10 + (uint64_t)(s[at++] - '0');
    if (at == first || (s[first] == '0' && at - first > 1) || number > 0xFFFFFFFFu)
        return 0;
    out->is_number = 1;
    out->number = (uint32_t)number;
    return at;
}

static size_t read_value(const char *s, size_t length, size_t at, struct member *out)
{
    if (at >= length)
        return 0;
    if (s[at] != '"')
        return read_number(s, length, at, out);
    out->is_number = 0;
    out->text = s + ++at;
    while (at < length && is_text(s[at]))
        at++;
    out->length = (size_t)(s + at - out->text);
    return at < length && s[at] == '"' ? at + 1 : 0;
}

static int has_member(const struct request *request, const struct member *member)
{
    for (size_t i = 0; i < request->count; i++)
        if (request->member[i].name_length == member->name_length &&
            memcmp(request->member[i].name, member->name, member->name_length) == 0)
            return 1;
    return 0;
}

static int read_object(const char *s, size_t length, struct request *request)
{
    size_t at = 1;
    request->count = 0;
    while (request->count < MEMBERS) {
        struct member *member = &request->member[request->count];
        at = read_name(s, length, at, member);
        if (at == 0 || has_member(request, member))
            return 0;
        at = read_value(s, length, at, member);
        if (at == 0 || at >= length)
            return 0;
        request->count++;
        if (s[at] == '}')
            return at + 1 == length;
        if (s[at++] != ',')
            return 0;
    }
    return 0;
}

static const struct member *find(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->count; i++)
        if (request->member[i].name_length == strlen(name) &&
            memcmp(request->member[i].name, name, request->member[i].name_length) == 0)
            return &request->member[i];
    return NULL;
}

/* Copies a text member; 0 when it is missing, empty, or does not fit. */
static int text_of(const struct request *request, const char *name, char *out, size_t room)
{
    const struct member *member = find(request, name);
    if (member == NULL || member->is_number || member->length == 0 || member->length >= room)
        return 0;
    memcpy(out, member->text, member->length);
    out[member->length] = '\0';
    return 1;
}

static int number_of(const struct request *request, const char *name, uint32_t *out)
{
    const struct member *member = find(request, name);
    if (member == NULL || !member->is_number)
        return 0;
    *out = member->number;
    return 1;
}

static int is_equal(const struct request *request, const char *name, const char *text)
{
    const struct member *member = find(request, name);
    return member != NULL && !member->is_number && member->length == strlen(text) &&
           memcmp(member->text, text, member->length) == 0;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes canonical base64; the number of bytes, or 0 for anything else. `out` has room for length / 4 * 3. */
static size_t base64_decode(const char *text, size_t length, uint8_t *out)
{
    size_t padding = 0, written = 0;
    if (length == 0 || length % 4 != 0)
        return 0;
    padding = text[length - 1] != '=' ? 0 : text[length - 2] != '=' ? 1 : 2;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t bits = 0;
        size_t symbols = i + 4 == length ? 4 - padding : 4;
        for (size_t j = 0; j < 4; j++) {
            int value = j < symbols ? base64_value(text[i + j]) : 0;
            if (value < 0)
                return 0;
            bits = bits << 6 | (uint32_t)value;
        }
        if (symbols < 4 && (bits & (symbols == 3 ? 0xFFu : 0xFFFFu)) != 0)
            return 0;
        for (size_t j = 0; j + 1 < symbols; j++)
            out[written++] = (uint8_t)(bits >> (16 - 8 * j));
    }
    return written;
}

/* --- answering ----------------------------------------------------------------------------------------------------- */

static void put_char(struct gh_device *device, char c)
{
    /* room for '*', the CRC and the line feed at the end; an answer that is cut has no valid CRC and is asked for again */
    if (device->answer_length < sizeof device->answer - TAIL - 1)
        device->answer[device->answer_length++] = c;
    else
        device->overflow = 1;
}

static void put_raw(struct gh_device *device, const char *text)
{
    while (*text != '\0')
        put_char(device, *text++);
}

static void put_name(struct gh_device *device, const char *name)
{
    put_raw(device, ",\"");
    put_raw(device, name);
    put_raw(device, "\":");
}

static void put_digits(struct gh_device *device, uint32_t number)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0)
        put_char(device, digits[--count]);
}

static void put_number(struct gh_device *device, const char *name, uint32_t number)
{
    put_name(device, name);
    put_digits(device, number);
}

static void put_text(struct gh_device *device, const char *name, const char *text)
{
    put_name(device, name);
    put_char(device, '"');
    for (; *text != '\0'; text++)
        put_char(device, is_text(*text) ? *text : '_');
    put_char(device, '"');
}

/* As put_text, but nothing at all for "". */
static void put_optional(struct gh_device *device, const char *name, const char *text)
{
    if (*text != '\0')
        put_text(device, name, text);
}

static void put_base64(struct gh_device *device, const uint8_t *bytes, size_t length)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;
        if (i + 1 < length)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < length)
            bits |= bytes[i + 2];
        put_char(device, alphabet[bits >> 18 & 63]);
        put_char(device, alphabet[bits >> 12 & 63]);
        put_char(device, i + 1 < length ? alphabet[bits >> 6 & 63] : '=');
        put_char(device, i + 2 < length ? alphabet[bits & 63] : '=');
    }
}

static void begin_answer(struct gh_device *device, uint32_t id)
{
    device->answer_length = 0;
    device->overflow = 0;
    put_raw(device, "\n@GH{\"id\":");
    put_digits(device, id);
}

static void put_ok(struct gh_device *device)
{
    put_number(device, "ok", 1);
}

static void put_error(struct gh_device *device, const char *error)
{
    put_text(device, "err", error);
}

static void put_result(struct gh_device *device, enum gh_result result)
{
    static const char *const errors[GH_RESULTS] = {"",      "wait", "locked", "code",  "alg",
                                                   "space", "hash", "pair",   "store", "unsupported"};
    if (result == GH_OK)
        put_ok(device);
    else
        put_error(device, errors[result]);
    if (result == GH_WAIT)
        put_number(device, "ms", 500);
}

static void end_answer(struct gh_device *device)
{
    put_char(device, '}');
    if (device->overflow)
        return;
    uint16_t crc = gh_crc16(device->answer + START_LENGTH, device->answer_length - START_LENGTH);
    device->answer[device->answer_length++] = '*';
    crc_digits(device->answer + device->answer_length, crc);
    device->answer_length += 4;
    device->answer[device->answer_length++] = '\n';
    device->platform->send(device->platform->context, device->answer, device->answer_length);
}

/* --- the operations ------------------------------------------------------------------------------------------------ */

static void hello(struct gh_device *device, const struct request *request)
{
    const struct gh_platform *platform = device->platform;
    const struct gh_status *status = &device->status;
    uint32_t version = 0;
    if (!number_of(request, "v", &version) || version < 1) {
        put_error(device, "arg");
        return;
    }
    put_ok(device);
    put_number(device, "v", 1);
    put_text(device, "uid", platform->uid);
    put_optional(device, "model", platform->model);
    put_optional(device, "fw", platform->firmware);
    put_text(device, "st", status->pending ? "pending" : status->active ? "active" : "blank");
    put_number(device, "max", GH_LINE);
    put_text(device, "alg", platform->alg);
    if (status->pending)
        put_text(device, "job", status->job);
    if (status->active) {
        put_text(device, "sha", status->sha);
        put_optional(device, "cn", status->cn);
        put_optional(device, "serial", status->serial);
        put_text(device, "lock", platform->lock);
    }
}

static void set_time(struct gh_device *device, const struct request *request)
{
    uint32_t seconds;
    if (number_of(request, "t", &seconds))
        put_result(device, device->platform->set_time(device->platform->context, seconds));
    else
        put_error(device, "arg");
}

/* A job's name: 1 to 32 of a-z 0-9. */
static int job_of(const struct request *request, char job[33])
{
    if (!text_of(request, "job", job, 33))
        return 0;
    for (; *job != '\0'; job++)
        if (!((*job >= 'a' && *job <= 'z') || (*job >= '0' && *job <= '9')))
            return 0;
    return 1;
}

static int is_pending(const struct gh_device *device, const char *job)
{
    return device->status.pending && strcmp(device->status.job, job) == 0;
}

static void make_key(struct gh_device *device, const struct request *request)
{
    const struct gh_platform *platform = device->platform;
    char job[33], alg[16], cn[65], code[65] = "";
    if (!job_of(request, job) || !text_of(request, "alg", alg, sizeof alg) || !text_of(request, "cn", cn, sizeof cn) ||
        (find(request, "code") != NULL && !text_of(request, "code", code, sizeof code))) {
        put_error(device, "arg");
        return;
    }
    /* the same job has the same key: an answer was lost, or the cable was pulled */
    if (!is_pending(device, job)) {
        enum gh_result result = platform->make_key(platform->context, job, alg, cn, code);
        if (result != GH_OK) {
            put_result(device, result);
            return;
        }
        platform->load(platform->context, &device->status);
    }
    put_ok(device);
    put_number(device, "len", device->status.request_length);
    put_text(device, "sha", device->status.request_sha);
}

static void get(struct gh_device *device, const struct request *request)
{
    uint8_t chunk[GH_CHUNK];
    char job[33];
    uint32_t offset;
    if (!job_of(request, job) || !number_of(request, "off", &offset)) {
        put_error(device, "arg");
    } else if (!is_pending(device, job)) {
        put_error(device, "job");
    } else if (offset >= device->status.request_length) {
        put_error(device, "arg");
    } else {
        size_t got = device->platform->read_request(device->platform->context, offset, chunk, sizeof chunk);
        put_ok(device);
        put_number(device, "off", offset);
        put_name(device, "d");
        put_char(device, '"');
        put_base64(device, chunk, got);
        put_char(device, '"');
    }
}

static int object_of(const struct request *request, enum gh_object *object)
{
    static const char *const names[GH_OBJECTS] = {"ca", "chain", "cfg"};
    for (int i = 0; i < GH_OBJECTS; i++)
        if (is_equal(request, "obj", names[i])) {
            *object = (enum gh_object)i;
            return 1;
        }
    return 0;
}

/* Stores the chunk when it is the next one; whatever was sent, says which one is next. */
static enum gh_result store_chunk(struct gh_device *device, enum gh_object object, const char *tag, uint32_t length,
                                  uint32_t offset, const uint8_t *bytes, size_t count)
{
    const struct gh_platform *platform = device->platform;
    enum gh_result result = GH_OK;
    if (strcmp(device->status.object[object].tag, tag) != 0 || device->status.object[object].length != length) {
        result = platform->begin(platform->context, object, tag, length);
        if (result == GH_OK)
            platform->load(platform->context, &device->status);
    }
    if (result == GH_OK && offset == device->status.object[object].stored && count <= length - offset) {
        result = platform->append(platform->context, object, bytes, count);
        if (result == GH_OK)
            platform->load(platform->context, &device->status);
    }
    return result;
}

static void put(struct gh_device *device, const struct request *request)
{
    uint8_t chunk[GH_LINE / 4 * 3];
    char job[33], tag[17];
    uint32_t length, offset;
    enum gh_object object;
    const struct member *data = find(request, "d");
    size_t count = data == NULL || data->is_number ? 0 : base64_decode(data->text, data->length, chunk);
    if (!job_of(request, job) || !object_of(request, &object) || !text_of(request, "tag", tag, sizeof tag) ||
        !number_of(request, "len", &length) || !number_of(request, "off", &offset) || count == 0 || length == 0) {
        put_error(device, "arg");
    } else if (!is_pending(device, job)) {
        put_error(device, "job");
    } else {
        enum gh_result result = store_chunk(device, object, tag, length, offset, chunk, count);
        put_result(device, result);
        if (result == GH_OK)
            put_number(device, "next", device->status.object[object].stored);
    }
}

static int is_complete(const struct gh_status *status)
{
    for (int i = 0; i < GH_OBJECTS; i++)
        if (status->object[i].tag[0] == '\0' || status->object[i].stored != status->object[i].length)
            return 0;
    return 1;
}

static void commit(struct gh_device *device, const struct request *request)
{
    char job[33], sha[65];
    if (!job_of(request, job) || !text_of(request, "sha", sha, sizeof sha) || strlen(sha) != 64) {
        put_error(device, "arg");
    } else if (device->status.active && strcmp(device->status.sha, sha) == 0) {
        put_ok(device); /* committed before, and the answer was lost */
    } else if (!is_pending(device, job)) {
        put_error(device, "job");
    } else if (!is_complete(&device->status)) {
        put_error(device, "hash");
    } else {
        put_result(device, device->platform->commit(device->platform->context, sha));
    }
}

static void test(struct gh_device *device)
{
    enum gh_result result = GH_UNSUPPORTED;
    if (device->status.active)
        result = device->platform->connect(device->platform->context);
    put_result(device, result);
    if (result == GH_OK)
        put_text(device, "net", "connecting");
}

static void reset(struct gh_device *device, const struct request *request)
{
    char job[33];
    if (!job_of(request, job))
        put_error(device, "arg");
    else if (!is_pending(device, job))
        put_ok(device); /* forgotten before */
    else
        put_result(device, device->platform->reset(device->platform->context));
}

static void perform(struct gh_device *device, const struct request *request)
{
    device->platform->load(device->platform->context, &device->status);
    if (is_equal(request, "op", "hello"))
        hello(device, request);
    else if (is_equal(request, "op", "time"))
        set_time(device, request);
    else if (is_equal(request, "op", "key"))
        make_key(device, request);
    else if (is_equal(request, "op", "get"))
        get(device, request);
    else if (is_equal(request, "op", "put"))
        put(device, request);
    else if (is_equal(request, "op", "commit"))
        commit(device, request);
    else if (is_equal(request, "op", "test"))
        test(device);
    else if (is_equal(request, "op", "reset"))
        reset(device, request);
    else
        put_error(device, "op");
}

/* --- the line ------------------------------------------------------------------------------------------------------ */

/* A line is complete: answers it when it is a request, and is silent when it is noise. */
static void end_line(struct gh_device *device)
{
    struct request request;
    const char *line = device->line;
    size_t length = device->length;
    char crc[4];
    uint32_t id;
    if (length < START_LENGTH + TAIL || memcmp(line, START, START_LENGTH) != 0 || line[length - TAIL] != '*')
        return;
    line += START_LENGTH - 1;
    length -= START_LENGTH - 1 + TAIL;
    crc_digits(crc, gh_crc16(line, length));
    if (memcmp(line + length + 1, crc, sizeof crc) != 0 || !read_object(line, length, &request))
        return;
    if (!number_of(&request, "id", &id) || find(&request, "op") == NULL)
        return;
    begin_answer(device, id);
    perform(device, &request);
    end_answer(device);
}

/* Keeps what may become a frame: from the last "@GH{" on, or the last three bytes. */
static void take(struct gh_device *device, char c)
{
    char *line = device->line;
    if (device->length == GH_LINE) { /* too long to be one: only its last bytes may still begin another */
        memmove(line, line + GH_LINE - (START_LENGTH - 1), START_LENGTH - 1);
        device->length = START_LENGTH - 1;
    }
    line[device->length++] = c;
    if (device->length > START_LENGTH && memcmp(line + device->length - START_LENGTH, START, START_LENGTH) == 0) {
        memcpy(line, START, START_LENGTH);
        device->length = START_LENGTH;
    } else if (device->length >= START_LENGTH && memcmp(line, START, START_LENGTH) != 0) {
        memmove(line, line + 1, --device->length);
    }
}

void gh_init(struct gh_device *device, const struct gh_platform *platform)
{
    memset(device, 0, sizeof *device);
    device->platform = platform;
}

void gh_receive(struct gh_device *device, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n' && bytes[i] != '\r') {
            take(device, bytes[i]);
            continue;
        }
        end_line(device);
        device->length = 0;
    }
}
