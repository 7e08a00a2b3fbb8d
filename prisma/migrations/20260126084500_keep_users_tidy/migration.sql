-- One spelling an address, whoever writes the row: "Ana@Example.com" must not become a second account.
CREATE FUNCTION tidy_user() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.email := lower(btrim(NEW.email));
    IF TG_OP = 'UPDATE' THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER tidy_user
BEFORE INSERT OR UPDATE ON "users"
FOR EACH ROW EXECUTE FUNCTION tidy_user();

-- The rows that were there before the trigger.
UPDATE "users" SET "email" = lower(btrim("email")) WHERE "email" <> lower(btrim("email"));
