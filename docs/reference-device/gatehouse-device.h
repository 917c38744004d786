/*
 * The device's side of the Gatehouse serial protocol (../serial-protocol.md), for firmware.
 *
 * One header, one source, C99, no allocation, no standard I/O. About 1.5 KiB of RAM in struct gh_device, and as much
 * stack. Fill in struct gh_platform, call gh_init once, and gh_receive with whatever the UART brings; log messages may go
 * out between two answers as they please.
 *
 * Licence: Apache-2.0.
 */
#ifndef GATEHOUSE_DEVICE_H
#define GATEHOUSE_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/** Bytes of the longest line, without its line end. */
#define GH_LINE 512
/** Bytes of the certificate request in one answer. */
#define GH_CHUNK 192
/** Objects a device is given, in the order in which their bytes are hashed. */
enum gh_object { GH_CA, GH_CHAIN, GH_CFG, GH_OBJECTS };

/** What a callback answers; each but GH_OK becomes the `err` of the answer. */
enum gh_result {
    GH_OK,
    GH_WAIT,        /* not finished: the gateway asks again in half a second (a slow RSA key) */
    GH_LOCKED,      /* in service, and nobody holds the button */
    GH_CODE,        /* in service, and the code is not that of the label */
    GH_ALG,         /* cannot make such a key */
    GH_SPACE,       /* no room */
    GH_HASH,        /* the objects do not have the announced hash */
    GH_PAIR,        /* the certificate does not belong to the key */
    GH_STORE,       /* writing failed */
    GH_UNSUPPORTED, /* not in this firmware */
    GH_RESULTS
};

/** What a device knows across a power cut. gh_platform.load fills it in, for every request anew. */
struct gh_status {
    int pending; /* a job was begun and not committed */
    int active;  /* the slot in use holds a certificate */
    /* pending */
    char job[33];
    uint32_t request_length; /* of the PKCS#10 request, DER */
    char request_sha[65];    /* its SHA-256, lower-case hex */
    struct {
        char tag[17]; /* names the contents; "" when nothing was written */
        uint32_t length, stored;
    } object[GH_OBJECTS];
    /* active */
    char sha[65];    /* the hash that was committed */
    char cn[65];     /* "cn" of the configuration in use */
    char serial[41]; /* "serial" of the configuration in use */
};

struct gh_platform {
    void *context; /* handed to every callback */

    const char *uid;      /* 1 to 64 characters, the same for ever */
    const char *model;    /* "" for none */
    const char *firmware; /* "" for none */
    const char *alg;      /* "p256", or several with commas: p256,p384,ed25519,rsa2048,rsa3072 */
    const char *lock;     /* what a new key demands of a device in service: none, button or code */

    void (*send)(void *context, const char *bytes, size_t length);
    void (*load)(void *context, struct gh_status *status);
    enum gh_result (*set_time)(void *context, uint32_t seconds_since_1970);
    /*
     * Makes a key in the spare slot and a request for it, and remembers the job; forgets whatever was pending. The slot
     * in use is not touched. Not called when the job is pending already. `code` is "" unless the gateway sent one.
     */
    enum gh_result (*make_key)(void *context, const char *job, const char *alg, const char *cn, const char *code);
    /* Copies up to `room` bytes of the request from `offset`; answers how many. */
    size_t (*read_request)(void *context, uint32_t offset, uint8_t *out, size_t room);
    /* Begins an object in the spare slot, empty: whatever was written of it before goes. */
    enum gh_result (*begin)(void *context, enum gh_object object, const char *tag, uint32_t length);
    /* Appends to it. Must have reached the flash when it returns GH_OK. */
    enum gh_result (*append)(void *context, enum gh_object object, const uint8_t *bytes, size_t length);
    /*
     * Checks the hash over the three objects and that the certificate belongs to the pending key; then makes the spare
     * slot the one in use, in one write that a power cut cannot tear, and forgets the job.
     */
    enum gh_result (*commit)(void *context, const char *sha);
    /* Begins to connect to the broker with the slot in use; answers GH_OK at once, or GH_UNSUPPORTED. */
    enum gh_result (*connect)(void *context);
    /* Forgets the pending job, its key and objects. */
    enum gh_result (*reset)(void *context);
};

/** Everything the engine keeps. Zeroed by gh_init; the fields are its own. */
struct gh_device {
    const struct gh_platform *platform;
    struct gh_status status;
    size_t length;
    char line[GH_LINE];
    char answer[GH_LINE + 2];
    size_t answer_length;
    int overflow;
};

void gh_init(struct gh_device *device, const struct gh_platform *platform);

/** Takes bytes from the line, and answers every complete request among them through `send`. */
void gh_receive(struct gh_device *device, const char *bytes, size_t length);

/** CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, not reflected. */
uint16_t gh_crc16(const char *bytes, size_t length);

#endif
