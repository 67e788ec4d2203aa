/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_result.h"

#include <string.h>

/* Longest prefix wins, so the whole codes stand before their class. */
static const struct {
    const char *prefix;
    enum err_code code;
} sqlstate_codes[] = {
    {"23505", ERR_CONFLICT},  /* unique_violation */
    {"23503", ERR_CONFLICT},  /* foreign_key_violation */
    {"40001", ERR_CONFLICT},  /* serialization_failure */
    {"40P01", ERR_CONFLICT},  /* deadlock_detected */
    {"57P", ERR_UNAVAILABLE}, /* server shutting down or starting: the statement did not run */
    {"08", ERR_UNCERTAIN},    /* connection_exception */
    {"53", ERR_UNAVAILABLE},  /* insufficient_resources */
    {"22P02", ERR_INVALID},   /* invalid_text_representation */
    {"22021", ERR_INVALID},   /* character_not_in_repertoire */
};

static enum err_code code_of_sqlstate(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LEN(sqlstate_codes); i++) {
        const char *prefix = sqlstate_codes[i].prefix;
        if (strncmp(sqlstate, prefix, strlen(prefix)) == 0)
            return sqlstate_codes[i].code;
    }
    return ERR_INTERNAL;
}

int db_result_error(const PGresult *result, const char *what, struct err *e)
{
    if (result == NULL)
        return err_set(e, ERR_UNCERTAIN, "%s: connection to PostgreSQL lost", what);

    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (sqlstate == NULL)
        return err_set(e, ERR_UNCERTAIN, "%s: connection to PostgreSQL lost", what);
    return err_set(e, code_of_sqlstate(sqlstate), "%s: %s (SQLSTATE %s)", what,
                   text != NULL ? text : "failed", sqlstate);
}
