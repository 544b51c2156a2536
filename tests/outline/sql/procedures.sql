CREATE TABLE a (id int primary key, name text);

-- Moves money.
CREATE OR REPLACE PROCEDURE bank.transfer(sender int, receiver int, amount dec)
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE accounts SET balance = balance - amount WHERE id = sender;
    IF amount > 3 THEN
      SELECT 1;
    END IF;
    COMMIT;
END;$$;

CREATE FUNCTION inc(a int) RETURNS int AS $$ BEGIN RETURN a + 1; END; $$ LANGUAGE plpgsql;

DELIMITER //
CREATE PROCEDURE `GetCustomers`()
BEGIN
    SELECT * FROM customers;
END //
DELIMITER ;

CREATE PROC [dbo].[uspGet] @City nvarchar(30)
AS
BEGIN
  SELECT * FROM Person WHERE City = @City
END
GO

CREATE VIEW v AS SELECT * FROM a;
