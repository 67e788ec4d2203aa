/* SPDX-License-Identifier: Apache-2.0 */
#include "access/passwords.h"

#include <string.h>

#include "auth/password.h"
#include "auth/secret.h"

#include "http/reply.h"

#define WAITING_MAX 64

struct job {
    h2o_multithread_message_t super; /* as the answer */
    struct job *next;
    struct request *rq;
    password_callback *callback;
    bool verifies;
    bool is_nobodys; /* there is no hash to compare with */
    bool is_right;
    char hash[PASSWORD_HASH_BYTES];
    size_t password_n;
    char password[];
};

struct passwords {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *first; /* waiting, oldest first */
    struct job **last;
    size_t waiting_n;
    bool stops;
};

static void job_free(struct job *job)
{
    secret_wipe(job->password, job->password_n);
    free(job);
}

static void work(struct job *job)
{
    job->is_right = job->verifies ? password_verify(job->password, job->password_n,
                                                    job->is_nobodys ? NULL : job->hash)
                                  : password_hash(job->password, job->password_n, job->hash);
}

/* The next job; NULL when it is time to end. */
static struct job *take(struct passwords *passwords)
{
    (void)pthread_mutex_lock(&passwords->lock);
    while (passwords->first == NULL && !passwords->stops)
        (void)pthread_cond_wait(&passwords->changed, &passwords->lock);
    struct job *job = passwords->stops ? NULL : passwords->first;
    if (job != NULL) {
        passwords->first = job->next;
        if (passwords->first == NULL)
            passwords->last = &passwords->first;
        passwords->waiting_n--;
    }
    (void)pthread_mutex_unlock(&passwords->lock);
    return job;
}

static void *run(void *arg)
{
    struct job *job;
    while ((job = take(arg)) != NULL) {
        work(job);
        h2o_multithread_send_message(&job->rq->loop->password_answers, &job->super);
    }
    return NULL;
}

struct passwords *passwords_new(void)
{
    struct passwords *passwords = h2o_mem_alloc(sizeof(*passwords));
    *passwords = (struct passwords){.last = &passwords->first};
    (void)pthread_mutex_init(&passwords->lock, NULL);
    (void)pthread_cond_init(&passwords->changed, NULL);
    if (pthread_create(&passwords->thread, NULL, run, passwords) != 0)
        h2o_fatal("start the thread for passwords");
    return passwords;
}

void passwords_stop(struct passwords *passwords)
{
    if (passwords == NULL)
        return;
    (void)pthread_mutex_lock(&passwords->lock);
    passwords->stops = true;
    (void)pthread_cond_signal(&passwords->changed);
    (void)pthread_mutex_unlock(&passwords->lock);
    (void)pthread_join(passwords->thread, NULL);
}

void passwords_free(struct passwords *passwords)
{
    if (passwords == NULL)
        return;
    while (passwords->first != NULL) {
        struct job *job = passwords->first;
        passwords->first = job->next;
        job_free(job);
    }
    (void)pthread_mutex_destroy(&passwords->lock);
    (void)pthread_cond_destroy(&passwords->changed);
    free(passwords);
}

static struct job *take_answer(h2o_linklist_t *messages)
{
    if (h2o_linklist_is_empty(messages))
        return NULL;
    struct job *job = H2O_STRUCT_FROM_MEMBER(struct job, super.link, messages->next);
    h2o_linklist_unlink(&job->super.link);
    return job;
}

static void on_answers(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct job *job;
    (void)receiver;
    while ((job = take_answer(messages)) != NULL) {
        struct request *rq = job->rq;
        if (rq->req != NULL)
            job->callback(rq, job->is_right ? job->hash : NULL);
        job_free(job);
        request_unref(rq);
    }
}

void passwords_join(struct loop *loop)
{
    h2o_multithread_register_receiver(loop->h2o.queue, &loop->password_answers, on_answers);
}

void passwords_leave(struct loop *loop)
{
    struct job *job;
    while ((job = take_answer(&loop->password_answers._messages)) != NULL)
        job_free(job);
    h2o_multithread_unregister_receiver(loop->h2o.queue, &loop->password_answers);
}

static struct job *job_new(struct request *rq, const char *password, password_callback *callback)
{
    size_t n = strlen(password);
    struct job *job = h2o_mem_alloc(sizeof(*job) + n);
    *job = (struct job){.rq = rq, .callback = callback, .password_n = n};
    memcpy(job->password, password, n);
    return job;
}

/* Takes `job`. */
static void add(struct passwords *passwords, struct job *job)
{
    struct request *rq = job->rq;
    (void)pthread_mutex_lock(&passwords->lock);
    bool fits = passwords->waiting_n < WAITING_MAX && !passwords->stops;
    if (fits) {
        (void)request_ref(rq);
        *passwords->last = job;
        passwords->last = &job->next;
        passwords->waiting_n++;
        (void)pthread_cond_signal(&passwords->changed);
    }
    (void)pthread_mutex_unlock(&passwords->lock);
    if (!fits) {
        job_free(job);
        reply_error(rq, ERR_UNAVAILABLE, "Too many passwords are being checked; try again");
    }
}

void passwords_hash(struct request *rq, const char *password, password_callback *callback)
{
    add(rq->loop->passwords, job_new(rq, password, callback));
}

void passwords_verify(struct request *rq, const char *password, const char *hash,
                      password_callback *callback)
{
    struct job *job = job_new(rq, password, callback);
    job->verifies = true;
    job->is_nobodys = hash == NULL;
    if (hash != NULL)
        (void)snprintf(job->hash, sizeof(job->hash), "%s", hash);
    add(rq->loop->passwords, job);
}
